/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading over raw samples and roll-ups together. */
#include "allowance.h"
#include "check.h"
#include "raw.h"
#include "registry.h"
#include "rollup.h"
#include "sample_list.h"

#include <math.h>
#include <string.h>

/* Raw samples that begin this late after the requested start may continue a roll-up. */
#define RAW_LATE_MS (2 * RES_5M)

/* ---------------------------------------------------------------- samples */

/*
 * The buckets that start in [from, end) at the finest resolution from least_ms on, then
 * earlier ones at the next one, and so on.
 */
#define PARTS_MAX 3
struct parts {
	struct db_buckets of[PARTS_MAX];
	int64_t res_ms[PARTS_MAX];
	size_t n; /* finest first */
};

static void parts_done(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++)
		db_buckets_done(&p->of[i]);
}
DEFINE_CLEANUP_OBJECT(struct parts, parts_done);

/* known_ms: from there on finer data exists; a bucket that overlaps it is omitted. */
static int read_parts(struct db *db, const struct db_entry_view *e, int64_t least_ms,
		      int64_t from_ms, int64_t end_ms, int64_t known_ms,
		      struct parts *ret, struct err *err)
{
	static const int64_t fine_first[] = { RES_1M, RES_5M, RES_1H };
	struct db_conn *c;
	int rc = db_read(db, &c, err);

	for (size_t i = 0; rc == 0 && i < PARTS_MAX && from_ms < end_ms; i++) {
		int64_t res = fine_first[i];
		struct db_buckets *b = &ret->of[ret->n];

		if (res < least_ms || (res == RES_1M && !e->demand))
			continue;
		rc = db_rollup_read(c, e->id, res, from_ms - from_ms % res, end_ms, b,
				    err);
		while (b->n && b->v[b->n - 1].t_ms + res > known_ms)
			b->n--;
		ret->res_ms[ret->n++] = res;
		if (b->n)
			end_ms = known_ms = b->v[0].t_ms;
	}
	return rc;
}

static void add_gauge(const struct parts *p, struct db_samples *ret)
{
	for (size_t i = p->n; i-- > 0;)
		for (size_t k = 0; k < p->of[i].n; k++) {
			const struct db_bucket *b = &p->of[i].v[k];

			db_samples_push(ret, b->t_ms, b->sum / b->count);
		}
}

/* A running value that ends at the last bucket's last value, so that raw samples continue
 * it. */
static void add_counter(const struct parts *p, struct db_samples *ret)
{
	size_t first = ret->n;
	double value = 0, after = 0;
	bool any = false;

	for (size_t i = p->n; i-- > 0;)
		for (size_t k = 0; k < p->of[i].n; k++)
			db_samples_push(ret, p->of[i].v[k].t_ms + p->res_ms[i] - 1,
					p->of[i].v[k].increase);
	for (size_t i = 0; !any && i < p->n; i++)
		if (p->of[i].n) {
			value = p->of[i].v[p->of[i].n - 1].last;
			any = true;
		}
	for (size_t i = ret->n; i-- > first;) {
		after = ret->v[i].v;
		ret->v[i].v = value;
		value -= after;
	}
}

int db_samples_get(struct db *db, int64_t series, int64_t from_ms, int64_t to_ms,
		   struct db_samples *ret, struct err *err)
{
	CLEANUP(db_samples_done) struct db_samples raw = { 0 };
	CLEANUP(parts_done) struct parts parts = { 0 };
	struct db_entry_view e;
	int64_t first;
	int rc;

	ret->n = 0;
	if (!db_entry_view(db, series, &e))
		return 0;
	rc = db_samples_raw(db, series, from_ms, to_ms, &raw, err);
	first = raw.n ? raw.v[0].t_ms : to_ms + 1;
	if (rc == 0 && first > from_ms + RAW_LATE_MS)
		rc = read_parts(db, &e, 0, from_ms, first, first, &parts, err);
	if (rc < 0)
		return rc;
	if (e.kind == DB_COUNTER)
		add_counter(&parts, ret);
	else
		add_gauge(&parts, ret);
	db_samples_append(ret, raw.v, raw.n);
	return allowance_samples(ret->n, err);
}

/* ---------------------------------------------------------------- one value a step */

struct grid {
	int64_t from_ms, step_ms;
	size_t n;
	struct db_bucket *v; /* [n]; count 0: nothing */
};

static void add_to(struct db_bucket *to, const struct db_bucket *b, double share)
{
	if (to->count == 0) {
		to->min = b->min;
		to->max = b->max;
	}
	to->count += b->count * share;
	to->sum += b->sum * share;
	to->min = fmin(to->min, b->min);
	to->max = fmax(to->max, b->max);
	to->last = b->last;
	to->increase += b->increase * share;
}

/* A bucket is split among the steps that it covers. */
static void grid_add(struct grid *g, const struct db_bucket *b, int64_t res_ms)
{
	int64_t end = g->from_ms + (int64_t)g->n * g->step_ms;
	int64_t t = MAX(b->t_ms, g->from_ms), stop = MIN(b->t_ms + res_ms, end);

	while (t < stop) {
		size_t i = (size_t)((t - g->from_ms) / g->step_ms);
		int64_t next = MIN(g->from_ms + (int64_t)(i + 1) * g->step_ms, stop);

		add_to(&g->v[i], b, (double)(next - t) / (double)res_ms);
		t = next;
	}
}

static void grid_add_raw(struct grid *g, const struct db_samples *s,
			 const struct db_sample *before)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct db_sample *x = &s->v[i];
		struct db_bucket b = { x->t_ms, 1, x->v, x->v, x->v, x->v, 0 };
		int64_t at = x->t_ms - g->from_ms;

		if (before)
			b.increase = x->v >= before->v ? x->v - before->v : x->v;
		before = x;
		if (at >= 0 && (size_t)(at / g->step_ms) < g->n)
			add_to(&g->v[at / g->step_ms], &b, 1);
	}
}

static double pick(const struct db_bucket *b, enum db_agg agg)
{
	if (!(b->count > 0))
		return NAN;
	switch (agg) {
	case DB_AGG_LAST:
		return b->last;
	case DB_AGG_AVG:
		return b->sum / b->count;
	case DB_AGG_MIN:
		return b->min;
	case DB_AGG_MAX:
		return b->max;
	case DB_AGG_SUM:
		return b->sum;
	case DB_AGG_COUNT:
		return b->count;
	case DB_AGG_INCREASE:
		return b->increase;
	}
	return NAN;
}

/* The coarsest resolution that fits the steps, or 0. */
static int64_t fitting(const struct db_entry_view *e, int64_t from_ms, int64_t step_ms)
{
	static const int64_t all[] = { RES_1H, RES_5M, RES_1M };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (step_ms % all[i] == 0 && from_ms % all[i] == 0 &&
		    (all[i] != RES_1M || e->demand))
			return all[i];
	return 0;
}

static int fill_grid(struct db *db, const struct db_entry_view *e, struct grid *g,
		     struct err *err)
{
	CLEANUP(db_samples_done) struct db_samples raw = { 0 };
	CLEANUP(parts_done) struct parts parts = { 0 };
	int64_t res = fitting(e, g->from_ms, g->step_ms);
	int64_t to = g->from_ms + (int64_t)g->n * g->step_ms;
	int64_t rolled = res ? MIN(e->rolled_to, to) : g->from_ms;
	int64_t raw_from = MAX(rolled, g->from_ms), first;
	int rc = db_samples_raw(db, e->id, raw_from - RES_1H, to - 1, &raw, err);

	if (rc < 0)
		return rc;
	first = raw_from;
	if (!res) {
		first = raw.n ? MAX(raw.v[0].t_ms, g->from_ms) : to;
		first = first > g->from_ms + RAW_LATE_MS ? first : g->from_ms;
	}
	rc = read_parts(db, e, res, g->from_ms, first, raw.n && !res ? first : INT64_MAX,
			&parts, err);
	if (rc < 0)
		return rc;
	for (size_t i = parts.n; i-- > 0;)
		for (size_t k = 0; k < parts.of[i].n; k++)
			grid_add(g, &parts.of[i].v[k], parts.res_ms[i]);
	if (res) {
		/* What is before raw_from serves the increase only. */
		size_t skip = 0;
		struct db_samples rest;

		while (skip < raw.n && raw.v[skip].t_ms < raw_from)
			skip++;
		rest = (struct db_samples){ raw.v + skip, raw.n - skip, 0 };
		grid_add_raw(g, &rest, skip ? &raw.v[skip - 1] : NULL);
	} else {
		grid_add_raw(g, &raw, NULL);
	}
	return 0;
}

int db_samples_range(struct db *db, int64_t series, int64_t from_ms, int64_t step_ms,
		     enum db_agg agg, double *out, size_t n, struct err *err)
{
	CLEANUP(free) struct db_bucket *v = xcalloc(n + 1, sizeof(*v));
	struct grid g = { from_ms, step_ms, n, v };
	struct db_entry_view e;
	int rc = 0;

	CHECK(step_ms > 0);
	if (db_entry_view(db, series, &e))
		rc = fill_grid(db, &e, &g, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		out[i] = pick(&v[i], agg);
	return 0;
}
