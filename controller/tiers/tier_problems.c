/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier_problems.c - what ails a tier's demand and forecast, told: as events when it
 * begins and when it is over, and as a problem meanwhile.
 */
#include "deciding.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *begins, *ends; /* kinds of events */
	const char *of, *is, *so;  /* before the tier, after it, and at the end */
	const char *over_of, *over;
} words[TIER_PROBLEMS] = {
	[TIER_MISSING] = { "demand-not-whole", "demand-whole", "the demand of ",
			   " is not whole: ", "; nothing is scaled in on it",
			   "the demand of ", " is whole again" },
	[TIER_VETOED] = { "forecast-not-used", "forecast-used", "", ": ",
			  "; the forecast is not used until it keeps its promise again",
			  "the forecast of ", " keeps its promise again" },
};

/* text NULL: it is over. */
static void tell(struct deciding *d, enum tier_problem kind, const char *text)
{
	struct tier *t = d->t;
	char **told = &t->problems[kind];
	const bool was = *told != NULL;
	const struct event_about about = { .stack = t->stack, .tier = t->name };

	free(*told);
	*told = text ? xstrdup(text) : NULL;
	if (text && !was)
		event_add(d->ctx->events, words[kind].begins, DB_LEVEL_WARN, &about,
			  "%s%s/%s%s%s%s", words[kind].of, t->stack, t->name,
			  words[kind].is, text, words[kind].so);
	else if (was && !text)
		event_add(d->ctx->events, words[kind].ends, DB_LEVEL_INFO, &about,
			  "%s%s/%s%s", words[kind].over_of, t->stack, t->name,
			  words[kind].over);
}

void deciding_tell_missing(struct deciding *d)
{
	/* Until it has been missing for long nothing is known to be over. */
	if (d->in.missing && d->missing_ms <= d->in.stale_after_ms)
		return;
	d->t->is_outside = d->in.missing && d->is_outside;
	tell(d, TIER_MISSING, d->in.missing);
}

void deciding_tell_veto(struct deciding *d)
{
	char why[128];

	tell(d, TIER_VETOED,
	     d->forecast.is_vetoed
		     ? veto_why(&d->forecast.veto, DB_DEMAND_STEP_MS, why, sizeof(why))
		     : NULL);
}

bool tiers_problem(const struct tiers *ts, enum tier_problem kind, char *text,
		   size_t size)
{
	const struct tier *first = NULL;
	char more[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < ts->tiers.n; i++) {
		const struct tier *t = ts->tiers.v[i];

		n += t->problems[kind] != NULL;
		if (!first && t->problems[kind])
			first = t;
	}
	if (!first)
		return false;
	if (n > 1)
		snprintf(more, sizeof(more), " (and so for %zu more tiers)", n - 1);
	snprintf(text, size, "%s%s/%s%s%s%s%s%s", words[kind].of, first->stack,
		 first->name, words[kind].is, first->problems[kind], words[kind].so,
		 kind == TIER_MISSING && first->is_outside
			 ? "; one that has gone for good is forgotten with: foretide "
			   "forget"
			 : "",
		 more);
	return true;
}
