/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * enter_minutes.c - the tiers' minutes: what was needed, what served, and what reactive
 * scaling would have had.
 */
#include "enter.h"

#include "check.h"
#include "money.h"
#include "reactive.h"
#include "samples.h"
#include "sorted.h"
#include "stacks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDING 1e-9 /* of what serves */

/* ---------------------------------------------------------------- demand */

static int read_demand(struct db *db, const struct watch *w, int64_t through_ms,
		       struct measured *ret, struct err *err)
{
	const size_t n = SORTED_PLACE(w->n, i, w->open[i].start_ms < through_ms);

	ret->w = w;
	if (n == 0)
		return 0;
	ret->from_ms = w->open[0].start_ms;
	ret->n = (size_t)((w->open[n - 1].start_ms - ret->from_ms) / MINUTE_MS) + 1;
	ret->demand = xcalloc(ret->n, sizeof(*ret->demand));
	return db_demand_range(db, w->stack, w->tier, ret->from_ms, ret->demand, ret->n,
			       err);
}

void measured_free(struct measured *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(m[i].demand);
	free(m);
}

int measured_read(struct db *db, const struct fleet *f, const struct watch_list *l,
		  int64_t through_ms, struct measured **ret, struct err *err)
{
	struct measured *m = xcalloc(f->n_tiers + 1, sizeof(*m));

	for (size_t i = 0; i < f->n_tiers; i++) {
		const struct db_tier *t = &f->tiers[i].t;
		const struct watch *w = watch_find(l, t->stack, t->name);
		int rc = w ? read_demand(db, w, through_ms, &m[i], err) : 0;

		if (rc < 0) {
			measured_free(m, f->n_tiers);
			return rc;
		}
	}
	*ret = m;
	return 0;
}

/* ---------------------------------------------------------------- a minute */

/* The means over a minute; demand is NaN when it is unknown. */
struct minute {
	double demand, served;
	double placed, loaded;
	double latency_s; /* NaN: not measured, or of no concern */
};

static struct minute minute_of(const struct measured *m, int64_t start_ms)
{
	const struct watch_minute *s = watch_minute(m->w, start_ms);
	struct minute r = { NAN, 0, m->w->placed, m->w->loaded, NAN };
	double ms;

	if (s && s->n_latencies > 0)
		r.latency_s = s->latency_s / (double)s->n_latencies;
	if (!s || s->seen_ms == 0)
		return r;
	ms = (double)s->seen_ms;
	r.served = s->served / ms;
	r.placed = s->placed / ms;
	r.loaded = s->loaded / ms;
	if (m->w->capacity > 0)
		r.demand = m->demand[(start_ms - m->from_ms) / MINUTE_MS];
	return r;
}

static void add_promise(const struct db_tier *t, struct db_ledger *day)
{
	if (t->price_ratio > 0) {
		day->priced += t->price_ratio;
	} else {
		day->at_risk++;
		day->promised += t->risk_ratio;
	}
}

static void add_minute(const struct fleet_tier *ft, const struct measured *m,
		       int64_t start_ms, struct reactive *peer, struct db_ledger *day)
{
	const struct minute x = minute_of(m, start_ms);
	const bool is_slow = ft->t.latency_max_ms > 0 &&
			     x.latency_s * 1000 > (double)ft->t.latency_max_ms;

	day->instance_ms += llround(x.placed * (double)MINUTE_MS);
	day->loaded_ms += llround(x.loaded * (double)MINUTE_MS);
	reactive_minute(peer, start_ms / MINUTE_MS, x.demand, day);
	if (isnan(x.demand) && isnan(x.latency_s)) {
		day->unknown++;
		return;
	}
	day->known++;
	day->slow += is_slow;
	day->was_short += is_slow || x.demand > x.served * (1 + ROUNDING);
	if (!isnan(x.demand))
		day->peak = MAX(day->peak, reactive_need(peer, x.demand));
	add_promise(&ft->t, day);
}

/* ---------------------------------------------------------------- a tier */

static void add_day(struct page *p, const struct db_tier *t, int64_t day_ms,
		    int64_t through_ms, struct db_ledger *day)
{
	day->day_ms = day_ms;
	day->stack = t->stack;
	day->tier = t->name;
	day->through_ms = through_ms;
	page_add(p, day);
	*day = (struct db_ledger){ .known = 0 };
}

static void enter_tier(const struct fleet *f, const struct fleet_tier *ft,
		       const struct measured *m, const struct db_ledger_tier *mark,
		       int64_t through_ms, struct page *p)
{
	const int64_t from_ms = MAX(mark->through_ms, through_ms - ENTERED_MS);
	const struct db_pool *pool = fleet_pool(f, ft->t.pool);
	CLEANUP(reactive_done) struct reactive peer = { .capacity = 0 };
	struct db_ledger_tier next = { .stack = ft->t.stack,
				       .tier = ft->t.name,
				       .through_ms = through_ms };
	struct db_ledger day = { .known = 0 };

	if (from_ms >= through_ms)
		return;
	reactive_read(&peer, mark, m->w, pool_paid_terms(pool), from_ms);
	for (int64_t at = from_ms; at < through_ms; at += MINUTE_MS) {
		const int64_t end = at + MINUTE_MS;

		add_minute(ft, m, at, &peer, &day);
		if (end % DAY_MS == 0 || end == through_ms)
			add_day(p, &ft->t, at - at % DAY_MS, end, &day);
	}
	reactive_write(&peer, &next);
	page_add_tier(p, &next);
}

static const struct db_ledger_tier *mark_of(const struct db_ledger_tier_list *l,
					    const struct db_tier *t)
{
	const size_t at = SORTED_PLACE(l->n, i,
				       strcmp(l->v[i].stack, t->stack) < 0 ||
					       (strcmp(l->v[i].stack, t->stack) == 0 &&
						strcmp(l->v[i].tier, t->name) < 0));
	const struct db_ledger_tier *m = &l->v[at];

	return at < l->n && strcmp(m->stack, t->stack) == 0 &&
			       strcmp(m->tier, t->name) == 0
		       ? m
		       : NULL;
}

static void begin_tier(const struct db_tier *t, int64_t first_ms, struct page *p)
{
	page_add_tier(p, &(struct db_ledger_tier){
				 .stack = t->stack,
				 .tier = t->name,
				 .through_ms = first_ms,
			 });
}

int enter_minutes(struct db *db, const struct fleet *f, const struct measured *m,
		  int64_t through_ms, struct page *p, struct err *err)
{
	CLEANUP(db_ledger_tier_list_done) struct db_ledger_tier_list marks = { NULL, 0 };
	const int64_t next_ms = (f->now_ms + MINUTE_MS - 1) / MINUTE_MS * MINUTE_MS;
	int rc = db_ledger_tier_list(db, &marks, err);

	for (size_t i = 0; rc == 0 && i < f->n_tiers; i++) {
		const struct fleet_tier *ft = &f->tiers[i];
		const struct db_ledger_tier *mark = mark_of(&marks, &ft->t);

		if (!mark) {
			begin_tier(&ft->t, next_ms, p);
		} else if (is_ahead(mark->through_ms, through_ms)) {
			begin_tier(&ft->t, through_ms, p);
			p->n_ahead++;
		} else if (m[i].w) {
			enter_tier(f, ft, &m[i], mark, through_ms, p);
		}
	}
	return rc;
}
