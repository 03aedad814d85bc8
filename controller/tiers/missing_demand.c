/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * missing_demand.c - a demand of which a part is missing, told: as events when it begins
 * to be for long and when it is over, and as a problem meanwhile.
 */
#include "deciding.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

void deciding_tell_missing(struct deciding *d)
{
	struct tier *t = d->t;
	const bool was = t->missing != NULL;
	const bool is = d->in.missing && d->missing_ms > d->in.stale_after_ms;
	const struct event_about about = { .stack = t->stack, .tier = t->name };

	/* In between nothing is known to be over. */
	if (!is && d->in.missing)
		return;
	free(t->missing);
	t->missing = is ? xstrdup(d->in.missing) : NULL;
	t->is_outside = is && d->is_outside;
	if (is && !was)
		event_add(d->ctx->events, "demand-not-whole", DB_LEVEL_WARN, &about,
			  "the demand of %s/%s is not whole: %s; nothing is scaled in "
			  "on it",
			  t->stack, t->name, t->missing);
	else if (was && !is)
		event_add(d->ctx->events, "demand-whole", DB_LEVEL_INFO, &about,
			  "the demand of %s/%s is whole again", t->stack, t->name);
}

bool tiers_missing(const struct tiers *ts, char *text, size_t size)
{
	const struct tier *first = NULL;
	char more[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < ts->tiers.n; i++) {
		const struct tier *t = ts->tiers.v[i];

		if (!t->missing)
			continue;
		n++;
		if (!first)
			first = t;
	}
	if (!first)
		return false;
	if (n > 1)
		snprintf(more, sizeof(more), " (and that of %zu more tiers)", n - 1);
	snprintf(text, size,
		 "the demand of %s/%s is not whole: %s; nothing is scaled in "
		 "on it%s%s",
		 first->stack, first->name, first->missing,
		 first->is_outside ? "; a source that has gone for good is forgotten "
				     "with: foretide forget"
				   : "",
		 more);
	return true;
}
