/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression_now.c - the value of an expression now, from the samples in memory. A rate
 * is a counter's growth within the window that ends with the newest sample of all series,
 * divided by the window. So a series that ended fades out as the window moves on while
 * its work shows in the others, and the sum stays right.
 */
#include "expression_tree.h"

#include "check.h"
#include "clock.h"
#include "samples.h"

#include <math.h>

#define LOOK_BACK_MS 300000
#define RECENT_MAX 256
#define GAUGE_LIFE_MIN_MS 15000

struct view {
	struct db_sample v[RECENT_MAX];
	size_t n;
	int64_t first_ms; /* of the series */
};

static double growth(double from, double to)
{
	return to >= from ? to - from : to;
}

/* Time between the last two samples. */
static int64_t interval_of(const struct view *s)
{
	return s->n < 2 ? 0 : s->v[s->n - 1].t_ms - s->v[s->n - 2].t_ms;
}

/* The share of the growth from a to b that lies after from_ms. */
static double growth_after(const struct db_sample *a, const struct db_sample *b,
			   int64_t from_ms)
{
	double g = growth(a->v, b->v);

	if (b->t_ms <= from_ms)
		return 0;
	if (a->t_ms >= from_ms)
		return g;
	return g * (double)(b->t_ms - from_ms) / (double)(b->t_ms - a->t_ms);
}

/* What a counter that started within the window had counted at its first sample. */
static double growth_before_first(const struct view *s, int64_t from_ms)
{
	if (s->v[0].t_ms <= from_ms || s->v[0].t_ms != s->first_ms || s->n < 2)
		return 0;
	return fmin(s->v[0].v, growth(s->v[0].v, s->v[1].v));
}

/*
 * Since when a series' growth is known: one that started within the window began before
 * its first sample.
 */
static int64_t known_from(const struct view *s, int64_t from_ms)
{
	if (growth_before_first(s, from_ms) > 0)
		return s->v[0].t_ms - (s->v[1].t_ms - s->v[0].t_ms);
	return s->v[0].t_ms;
}

/*
 * The newest sample is somewhat before the end: growth continues for at most one
 * interval.
 */
static double growth_after_last(const struct view *s, int64_t end_ms)
{
	const struct db_sample *last = &s->v[s->n - 1];
	int64_t interval = interval_of(s), left = end_ms - last->t_ms;

	if (left <= 0 || interval <= 0 || left > interval)
		return 0;
	return growth(s->v[s->n - 2].v, last->v) * (double)left / (double)interval;
}

static double growth_within(const struct view *s, int64_t from_ms, int64_t end_ms)
{
	double sum = growth_before_first(s, from_ms) + growth_after_last(s, end_ms);

	for (size_t i = 1; i < s->n; i++)
		sum += growth_after(&s->v[i - 1], &s->v[i], from_ms);
	return sum;
}

struct now {
	struct db *db;
	int64_t now_ms;
	struct view *view; /* scratch */
	struct steps steps;
	int rc; /* of the first part that could not be evaluated */
	struct err *err;
	const int64_t *ids;
	size_t n;
	int64_t at_ms;      /* newest sample of the stalest part; INT64_MAX: none yet */
	int64_t missing_ms; /* the same of parts that are missing or over */
};

static bool look(struct now *w, size_t i, int64_t from_ms)
{
	if (!steps_take(&w->steps))
		return false;
	w->view->n = db_samples_recent(w->db, w->ids[i], from_ms, w->now_ms, w->view->v,
				       RECENT_MAX, &w->view->first_ms);
	return w->view->n > 0;
}

/* Time of the newest sample of all, 0 when there is none. */
static int64_t newest_of(struct now *w)
{
	int64_t newest = 0;

	for (size_t i = 0; i < w->n; i++)
		if (look(w, i, w->now_ms))
			newest = MAX(newest, w->view->v[w->view->n - 1].t_ms);
	return newest;
}

static double rate_now(struct now *w, const struct node *n, int64_t end_ms)
{
	struct part_value p = { .agg = n->agg };
	int64_t from_ms = end_ms - n->window_ms, oldest = end_ms;
	double span;

	for (size_t i = 0; i < w->n; i++) {
		if (!look(w, i, from_ms - n->window_ms) ||
		    w->view->v[w->view->n - 1].t_ms <= from_ms)
			continue;
		if (w->view->n < 2 && n->agg != PART_COUNT)
			continue;
		oldest = MIN(oldest, known_from(w->view, from_ms));
		part_add(&p, growth_within(w->view, from_ms, end_ms));
	}
	/* The whole series is younger than the window. */
	span = (double)(end_ms - MAX(oldest, from_ms));
	if (n->agg == PART_COUNT)
		return part_result(&p);
	return span > 0 ? part_result(&p) / span * 1000 * clock_scale() : NAN;
}

static bool is_ended(const struct now *w, size_t i)
{
	struct db_series_pace p;

	return db_series_pace(w->db, w->ids[i], &p) && p.is_over;
}

/* A gauge holds for three intervals, so that a silent series does not stay; one that was
 * ended does not hold: another may have come in its place. */
static double gauge_now(struct now *w, const struct node *n, int64_t end_ms)
{
	struct part_value p = { .agg = n->agg };

	for (size_t i = 0; i < w->n; i++) {
		const struct db_sample *last;
		int64_t interval, life;

		if (is_ended(w, i) || !look(w, i, end_ms - LOOK_BACK_MS))
			continue;
		last = &w->view->v[w->view->n - 1];
		interval = interval_of(w->view);
		life = interval > 0 ? MAX(3 * interval, GAUGE_LIFE_MIN_MS) : LOOK_BACK_MS;
		if (end_ms - last->t_ms <= MIN(life, LOOK_BACK_MS))
			part_add(&p, last->v);
	}
	return part_result(&p);
}

/* What could not be matched is missing: an error, unless that is known. */
static int find_series(struct now *w, const struct node *n)
{
	struct db_found found;
	int rc = db_selector_find(w->db, n->selector, w->steps.until_cpu_ms, &found,
				  w->err);

	if (rc == 0 && found.n_undecided && !n->is_undecided)
		rc = err_set(w->err, ERR_LIMIT, "%s", found.why);
	if (rc < 0)
		return rc;
	w->ids = found.ids;
	w->n = found.n;
	return 0;
}

static double part_now(struct now *w, const struct node *n)
{
	int64_t *at_ms = n->is_missing || n->is_over ? &w->missing_ms : &w->at_ms;
	int64_t newest;

	if (w->rc < 0 || w->steps.is_over)
		return NAN;
	w->rc = find_series(w, n);
	if (w->rc < 0)
		return NAN;
	newest = newest_of(w);
	*at_ms = MIN(*at_ms, newest);
	if (newest == 0 || newest < w->now_ms - LOOK_BACK_MS)
		return NAN;
	return n->is_rate ? rate_now(w, n, newest) : gauge_now(w, n, newest);
}

static bool is_absent(const struct node *n)
{
	return n && (n->is_missing || n->is_over || is_absent(n->a) || is_absent(n->b));
}

/* A sum is at least what is there of it. */
static double join_now(const struct node *n, double a, double b)
{
	if (n->op == OP_ADD && isnan(a) && is_absent(n->a))
		return b;
	if (n->op == OP_ADD && isnan(b) && is_absent(n->b))
		return a;
	return node_join(n->op, a, b);
}

static double node_now(struct now *w, const struct node *n)
{
	double a, b;

	if (n->op == OP_NUMBER)
		return n->number;
	if (n->op == OP_PART)
		return part_now(w, n);
	a = node_now(w, n->a);
	b = node_now(w, n->b);
	return join_now(n, a, b);
}

int metrics_expr_now(struct db *db, struct metrics_expr *e, int64_t now_ms, double *ret,
		     int64_t *ret_at_ms, struct err *err)
{
	struct view view;
	struct now w = { .db = db,
			 .now_ms = now_ms,
			 .view = &view,
			 .err = err,
			 .at_ms = INT64_MAX,
			 .missing_ms = INT64_MAX };

	const int64_t begun_cpu_ms = clock_cpu_ms();

	steps_begin(&w.steps, e);
	*ret = node_now(&w, e->root);
	e->cost_ms = clock_cpu_ms() - begun_cpu_ms + e->missing_ms;
	e->missing_ms = 0;
	if (w.rc == 0 && w.steps.is_over)
		w.rc = steps_err(e, err);
	if (w.rc < 0) {
		*ret = NAN;
		*ret_at_ms = 0;
		return w.rc;
	}
	/* With a number the parts that are whole tell how old it is. */
	if (w.at_ms == INT64_MAX || isnan(*ret))
		w.at_ms = MIN(w.at_ms, w.missing_ms);
	*ret_at_ms = w.at_ms == INT64_MAX ? 0 : w.at_ms;
	return 0;
}
