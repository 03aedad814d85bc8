/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "demand_history.h"

#include "check.h"
#include "samples.h"

#include <math.h>
#include <string.h>

#define MINUTE_MS ((int64_t)60000)
#define DAY_MS ((int64_t)86400000)
#define LENGTH_MAX_MS (400 * DAY_MS)
#define GAP_MS 300000

void history_done(struct history *h)
{
	free(h->v);
	memset(h, 0, sizeof(*h));
}

/* ---------------------------------------------------------------- minutes */

/* The median distance of two points. */
static int64_t usual_step(const struct csv_points *p)
{
	CLEANUP(free) int64_t *d = csv_steps(p);

	return p->n < 2 ? MINUTE_MS : d[(p->n - 1) / 2];
}

/* Adds value times milliseconds to each minute that [from, to) touches. */
static void hold(struct history *h, double *known_ms, int64_t from_ms, int64_t to_ms,
		 double v)
{
	int64_t end = h->from_ms + (int64_t)h->n * MINUTE_MS;

	for (int64_t t = from_ms; t < MIN(to_ms, end);) {
		int64_t i = (t - h->from_ms) / MINUTE_MS;
		int64_t next = MIN(h->from_ms + (i + 1) * MINUTE_MS, to_ms);

		h->v[i] += v * (double)(next - t);
		known_ms[i] += (double)(next - t);
		t = next;
	}
}

static void fill_minutes(const struct csv_points *p, struct history *h)
{
	CLEANUP(free) double *known_ms = xcalloc(h->n + 1, sizeof(*known_ms));
	int64_t gap_ms = MAX(3 * h->step_ms, GAP_MS);

	for (size_t i = 0; i < p->n; i++) {
		int64_t from = p->v[i].t_ms, to = from + h->step_ms;

		if (i + 1 < p->n && p->v[i + 1].t_ms - from <= gap_ms)
			to = p->v[i + 1].t_ms;
		if (!isnan(p->v[i].v))
			hold(h, known_ms, from, to, p->v[i].v);
	}
	for (size_t i = 0; i < h->n; i++)
		h->v[i] = known_ms[i] > 0 ? h->v[i] / known_ms[i] : NAN;
}

int history_minutes(struct csv_points *p, struct history *ret, struct err *err)
{
	struct history h = { 0 };

	if (p->n == 0)
		return err_set(err, ERR_INVAL, "it has no timestamp,value line");
	csv_sort(p);
	if (p->v[p->n - 1].t_ms - p->v[0].t_ms > LENGTH_MAX_MS)
		return err_set(err, ERR_LIMIT, "it is longer than 400 days");
	h.n_lines = p->n;
	h.last_ms = p->v[p->n - 1].t_ms;
	h.step_ms = MIN(usual_step(p), DAY_MS);
	h.from_ms = p->v[0].t_ms - p->v[0].t_ms % MINUTE_MS;
	h.n = (size_t)((h.last_ms + h.step_ms - h.from_ms + MINUTE_MS - 1) / MINUTE_MS);
	h.v = xcalloc(h.n + 1, sizeof(*h.v));
	fill_minutes(p, &h);
	*ret = h;
	return 0;
}

/* ---------------------------------------------------------------- import */

int history_import(struct db *db, const char *stack, const char *tier,
		   const struct history *h, int64_t now_ms, size_t *ret_added,
		   struct err *err)
{
	int64_t past = (now_ms - h->from_ms) / MINUTE_MS;

	if (h->last_ms > now_ms)
		return err_set(err, ERR_INVAL, "its last time is in the future");
	/* The last value holds for a step, but not into the future. */
	return db_demand_import(db, stack, tier, h->from_ms, h->v,
				MIN(h->n, (size_t)MAX(past, (int64_t)0)), now_ms,
				ret_added, err);
}
