/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression_silent.c - which hosts and units have stopped reporting. In two steps, since
 * usually none has: first the silent series by their times alone; labels are read only
 * for these.
 */
#include "expression_tree.h"

#include "check.h"
#include "samples.h"

#include <string.h>

struct source {
	char *host, *unit;
	int64_t last_ms;
};

struct silence {
	struct db *db;
	int64_t now_ms, silent_after_ms;
	metrics_silent_fn *fn;
	void *arg;
	struct source *v;
	size_t n, cap;
};

static int64_t last_of(const struct silence *s, int64_t id)
{
	struct db_sample x;

	return db_samples_recent(s->db, id, s->now_ms, s->now_ms, &x, 1, NULL) ? x.t_ms
									       : 0;
}

static bool is_silent(const struct silence *s, int64_t last_ms)
{
	return last_ms > 0 && s->now_ms - last_ms > s->silent_after_ms;
}

static char *label_of(const struct db_series *series, const char *name)
{
	struct label_span l;

	return labels_get(series->labels, name, &l) ? xstrndup(l.value, l.value_len)
						    : xstrdup("");
}

/* Notes the host and unit of a series, and the time of its last sample. */
static void note(struct silence *s, int64_t id, int64_t last_ms)
{
	struct db_series series = { 0 };
	struct source x;

	if (db_series_get(s->db, id, &series, NULL) < 0)
		return;
	x = (struct source){ label_of(&series, "host"), label_of(&series, "unit"),
			     last_ms };
	db_series_done(&series);
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].host, x.host) == 0 &&
		    strcmp(s->v[i].unit, x.unit) == 0) {
			s->v[i].last_ms = MAX(s->v[i].last_ms, last_ms);
			free(x.host);
			free(x.unit);
			return;
		}
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 8;
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	s->v[s->n++] = x;
}

static void part_silent(struct silence *s, const struct node *n)
{
	const int64_t *ids;
	size_t n_ids, silent = 0;

	db_selector_ids(s->db, n->selector, &ids, &n_ids);
	for (size_t i = 0; i < n_ids; i++)
		silent += is_silent(s, last_of(s, ids[i]));
	if (silent == 0)
		return;
	/* One series of a unit may end while others continue: all are checked. */
	for (size_t i = 0; i < n_ids; i++) {
		int64_t last_ms = last_of(s, ids[i]);

		/* 0: days old, no longer in memory. */
		if (last_ms > 0)
			note(s, ids[i], last_ms);
	}
	for (size_t i = 0; i < s->n; i++) {
		if (*s->v[i].host && is_silent(s, s->v[i].last_ms))
			s->fn(s->arg, s->v[i].host, s->v[i].unit, s->v[i].last_ms);
		free(s->v[i].host);
		free(s->v[i].unit);
	}
	s->n = 0;
}

static void node_silent(struct silence *s, const struct node *n)
{
	if (!n)
		return;
	if (n->op == OP_PART)
		part_silent(s, n);
	node_silent(s, n->a);
	node_silent(s, n->b);
}

void metrics_expr_silent(struct db *db, struct metrics_expr *e, int64_t now_ms,
			 int64_t silent_after_ms, metrics_silent_fn *fn, void *arg)
{
	struct silence s = { .db = db,
			     .now_ms = now_ms,
			     .silent_after_ms = silent_after_ms,
			     .fn = fn,
			     .arg = arg };

	node_silent(&s, e->root);
	free(s.v);
}
