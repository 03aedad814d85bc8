/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "silence_doubt.h"

#include "check.h"
#include "sorted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY_PERCENT 55
#define CALM_MS 60000    /* fewer are silent for so long: the doubt is over */
#define REPLACE_SHARE 10 /* a tenth of the hosts */
#define REPLACE_MS 60000 /* as many more each minute */
#define WAIT_ALL_MS (5 * INT64_C(60000)) /* of the installation none before it */

void doubts_begin(struct doubts *d)
{
	d->all.expected = d->all.silent = d->all.replaced = 0;
	for (size_t i = 0; i < d->n; i++)
		d->v[i].expected = d->v[i].silent = d->v[i].replaced = 0;
}

static size_t place_of(const struct doubts *d, const char *pool)
{
	return SORTED_PLACE(d->n, i, strcmp(d->v[i].pool, pool) < 0);
}

static struct doubt *find_or_add(struct doubts *d, const char *pool)
{
	const size_t at = place_of(d, pool);

	if (at < d->n && strcmp(d->v[at].pool, pool) == 0)
		return &d->v[at];
	d->v = xrealloc(d->v, (d->n + 1) * sizeof(*d->v));
	memmove(d->v + at + 1, d->v + at, (d->n++ - at) * sizeof(*d->v));
	d->v[at] = (struct doubt){ .expected = 0 };
	snprintf(d->v[at].pool, sizeof(d->v[at].pool), "%s", pool);
	return &d->v[at];
}

static void count(struct doubt *d, bool is_silent, bool is_replaced)
{
	d->expected++;
	d->silent += is_silent;
	d->replaced += is_silent && is_replaced;
}

void doubts_count(struct doubts *d, const char *pool, bool is_silent, bool is_replaced)
{
	count(&d->all, is_silent, is_replaced);
	count(find_or_add(d, pool), is_silent, is_replaced);
}

static bool is_many(const struct doubt *d, size_t least)
{
	return d->silent >= least && 100 * d->silent > MANY_PERCENT * d->expected;
}

static void settle(struct doubt *d, size_t least, int64_t now_ms)
{
	d->has_ended = false;
	if (is_many(d, least)) {
		if (!d->is_on)
			d->on_ms = now_ms;
		d->is_on = true;
		d->low_ms = 0;
		return;
	}
	if (!d->low_ms)
		d->low_ms = now_ms;
	if (!d->is_on || (d->silent > 0 && now_ms - d->low_ms < CALM_MS))
		return;
	d->is_on = false;
	d->has_ended = true;
}

void doubts_settle(struct doubts *d, int64_t now_ms)
{
	size_t kept = 0;

	settle(&d->all, d->all.expected > 1 ? 2 : 1, now_ms);
	for (size_t i = 0; i < d->n; i++) {
		settle(&d->v[i], 2, now_ms);
		if (d->v[i].expected > 0)
			d->v[kept++] = d->v[i];
	}
	d->n = kept;
}

void doubts_done(struct doubts *d)
{
	free(d->v);
}

struct doubt *doubts_of(struct doubts *d, const char *pool)
{
	const size_t at = place_of(d, pool);

	CHECK(at < d->n && strcmp(d->v[at].pool, pool) == 0);
	return &d->v[at];
}

/* How many may be replaced, with so many shares. */
static bool has_share(const struct doubt *d, int64_t n_shares)
{
	const size_t share = MAX(d->expected / REPLACE_SHARE, (size_t)1);

	return !d->is_on || d->replaced < share * (size_t)n_shares;
}

/* How many shares there are so long after the beginning. */
static int64_t shares(const struct doubt *d, int64_t wait_ms, int64_t now_ms)
{
	const int64_t for_ms = now_ms - d->on_ms - wait_ms;

	return for_ms < 0 ? 0 : 1 + for_ms / REPLACE_MS;
}

bool doubts_may_replace(const struct doubts *d, const struct doubt *pool, int64_t now_ms)
{
	return has_share(&d->all, shares(&d->all, WAIT_ALL_MS, now_ms)) &&
	       has_share(pool, shares(pool, 0, now_ms));
}
