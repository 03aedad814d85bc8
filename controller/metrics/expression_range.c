/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression_range.c - the values of an expression on a regular grid.
 */
#include "expression_tree.h"

#include "check.h"
#include "clock.h"
#include "samples.h"

#include <math.h>
#include <string.h>

#define MARGIN_MS 300000
#define BRIDGE_MAX_MS 21600000 /* growth over a longer gap is not spread */
#define HOLD_MAX_MS 300000
#define SLICE 100 /* series that are read at a time */

struct range {
	struct db *db;
	int64_t from_ms, step_ms;
	int64_t max_ms, until_mono_ms; /* a caller may allow less */
	size_t n;
	struct db_samples samples; /* scratch */
	double *sum, *known_ms;    /* [n] of one series, scratch */
};

/* Spreads v evenly over [a, b) into the steps it covers. */
static void spread(struct range *r, int64_t a_ms, int64_t b_ms, double v)
{
	int64_t end = r->from_ms + (int64_t)r->n * r->step_ms;
	int64_t t = MAX(a_ms, r->from_ms), stop = MIN(b_ms, end);
	double per_ms = v / (double)(b_ms - a_ms);

	while (t < stop) {
		int64_t i = (t - r->from_ms) / r->step_ms;
		int64_t next = MIN(r->from_ms + (i + 1) * r->step_ms, stop);

		r->sum[i] += per_ms * (double)(next - t);
		r->known_ms[i] += (double)(next - t);
		t = next;
	}
}

static void spread_counter(struct range *r)
{
	const struct db_sample *v = r->samples.v;

	for (size_t i = 1; i < r->samples.n; i++) {
		double grown = v[i].v >= v[i - 1].v ? v[i].v - v[i - 1].v : v[i].v;

		if (v[i].t_ms - v[i - 1].t_ms <= BRIDGE_MAX_MS)
			spread(r, v[i - 1].t_ms, v[i].t_ms, grown);
	}
}

/* Each value holds until the next one, for at most three of the preceding intervals. */
static void spread_gauge(struct range *r)
{
	const struct db_sample *v = r->samples.v;
	int64_t interval = HOLD_MAX_MS / 3;

	for (size_t i = 0; i < r->samples.n; i++) {
		int64_t until = v[i].t_ms + MIN(3 * interval, MAX(HOLD_MAX_MS, interval));

		if (i + 1 < r->samples.n) {
			until = MIN(until, v[i + 1].t_ms);
			interval = v[i + 1].t_ms - v[i].t_ms;
		}
		spread(r, v[i].t_ms, until, v[i].v * (double)(until - v[i].t_ms));
	}
}

static int spread_series(struct range *r, const struct node *n, int64_t id,
			 struct err *err)
{
	int64_t to_ms = r->from_ms + (int64_t)r->n * r->step_ms;
	int rc = db_samples_get(r->db, id, r->from_ms - MARGIN_MS, to_ms + MARGIN_MS,
				&r->samples, err);

	if (rc < 0)
		return rc;
	memset(r->sum, 0, r->n * sizeof(*r->sum));
	memset(r->known_ms, 0, r->n * sizeof(*r->known_ms));
	if (n->is_rate)
		spread_counter(r);
	else
		spread_gauge(r);
	return 0;
}

/*
 * A rate is over the part of the step for which the best known series is known, so a
 * series that starts or ends within the step counts for its part and the first step is
 * not too low. A gauge is the mean over the time for which it is known itself.
 */
struct cell {
	struct part_value p;
	double known_ms;
};

static void add_series(struct range *r, const struct node *n, struct cell *cells)
{
	for (size_t i = 0; i < r->n; i++) {
		struct cell *c = &cells[i];

		if (!(r->known_ms[i] > 0))
			continue;
		part_add(&c->p, n->is_rate ? r->sum[i] : r->sum[i] / r->known_ms[i]);
		c->known_ms = fmax(c->known_ms, r->known_ms[i]);
	}
}

static int check_time(const struct range *r, struct err *err)
{
	if (clock_mono_ms() <= r->until_mono_ms)
		return 0;
	return err_set(err, ERR_LIMIT,
		       "evaluating it takes longer than %lld ms; ask for fewer series, "
		       "points or terms",
		       (long long)r->max_ms);
}

static int find_series(struct range *r, const struct node *n, struct db_found *ret,
		       struct err *err)
{
	const int64_t left_ms = r->until_mono_ms - clock_mono_ms();
	int rc = check_time(r, err);

	if (rc == 0)
		rc = db_selector_find(r->db, n->selector, clock_cpu_ms() + left_ms, ret,
				      err);
	if (rc == 0 && ret->n_undecided)
		rc = err_set(err, ERR_LIMIT, "%s", ret->why);
	return rc;
}

/*
 * A term, whose series are read by slices: a transaction for each would take SQLite's
 * lock so often that the tick waits for it, and one for all would keep the log from being
 * cut.
 */
struct part {
	struct range *r;
	const struct node *n;
	struct cell *cells;
	const int64_t *ids; /* those that are left */
	size_t n_ids;
	uint64_t moves; /* before the slice's transaction */
};

static int read_next(const struct part *p, struct err *err)
{
	int rc = check_time(p->r, err);

	return rc < 0 ? rc : spread_series(p->r, p->n, *p->ids, err);
}

static void add_next(struct part *p)
{
	add_series(p->r, p->n, p->cells);
	p->ids++;
	p->n_ids--;
}

/* Ends early if samples have moved from memory to disk, where it does not see them. */
static int read_slice(struct db *db, void *arg, struct err *err)
{
	struct part *p = arg;
	const int64_t *end = p->ids + MIN(p->n_ids, SLICE);

	while (p->ids < end) {
		int rc = read_next(p, err);

		if (rc < 0 || db_samples_moves(db) != p->moves)
			return rc;
		add_next(p);
	}
	return 0;
}

static int read_part(struct part *p, struct err *err)
{
	struct db_found found = { .n = 0 };
	int rc = find_series(p->r, p->n, &found, err);

	p->ids = found.ids;
	p->n_ids = found.n;
	while (rc == 0 && p->n_ids > 0) {
		const int64_t *first = p->ids;

		p->moves = db_samples_moves(p->r->db);
		rc = db_read_tx(p->r->db, read_slice, p, err);
		/* By itself it is whole however often they move. */
		if (rc == 0 && p->ids == first && (rc = read_next(p, err)) == 0)
			add_next(p);
	}
	return rc;
}

static int part_range(struct range *r, const struct node *n, double *out, struct err *err)
{
	CLEANUP(free) struct cell *cells = xcalloc(r->n + 1, sizeof(*cells));
	struct part p = { .r = r, .n = n, .cells = cells };
	int rc;

	for (size_t i = 0; i < r->n; i++)
		cells[i].p.agg = n->agg;
	rc = read_part(&p, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r->n; i++) {
		out[i] = part_result(&cells[i].p);
		if (n->is_rate && n->agg != PART_COUNT)
			out[i] *= 1000 * clock_scale() / cells[i].known_ms;
	}
	return 0;
}

static int node_range(struct range *r, const struct node *n, double *out, struct err *err)
{
	CLEANUP(free) double *b = NULL;
	int rc;

	if (n->op == OP_NUMBER) {
		for (size_t i = 0; i < r->n; i++)
			out[i] = n->number;
		return 0;
	}
	if (n->op == OP_PART)
		return part_range(r, n, out, err);
	b = xcalloc(r->n + 1, sizeof(*b));
	if ((rc = node_range(r, n->a, out, err)) < 0 ||
	    (rc = node_range(r, n->b, b, err)) < 0)
		return rc;
	for (size_t i = 0; i < r->n; i++)
		out[i] = node_join(n->op, out[i], b[i]);
	return 0;
}

int metrics_expr_range(struct db *db, struct metrics_expr *e, int64_t from_ms,
		       int64_t step_ms, double *out, size_t n, struct err *err)
{
	CLEANUP(free) double *sum = xcalloc(n + 1, sizeof(*sum));
	CLEANUP(free) double *known_ms = xcalloc(n + 1, sizeof(*known_ms));
	struct range r = { .db = db,
			   .from_ms = from_ms,
			   .step_ms = step_ms,
			   .max_ms = METRICS_RANGE_TIMES * e->max_ms,
			   .n = n,
			   .sum = sum,
			   .known_ms = known_ms };
	int rc;

	CHECK(step_ms > 0);
	r.until_mono_ms = clock_mono_ms() + r.max_ms;
	rc = node_range(&r, e->root, out, err);
	db_samples_done(&r.samples);
	return rc;
}
