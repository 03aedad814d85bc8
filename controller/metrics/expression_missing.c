/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression_missing.c - which series of an expression have stopped reporting. What a
 * series is called is looked up once; after that a tick reads times alone.
 */
#include "expression_tree.h"

#include "check.h"
#include "clock.h"
#include "samples.h"

#include <string.h>

struct search {
	struct db *db;
	int64_t now_ms;
	const struct metrics_agents *agents;
	size_t n_parts;
	struct steps steps;
	size_t n_sources; /* of the parts so far */
	size_t fresh;     /* series that are not late */
	struct metrics_missing *found;
};

/* The selector's series are appended to, unless some were deleted. False: not all could
 * be read; the next call goes on. */
static bool find_sources(struct search *s, struct node *n)
{
	struct db_found found;
	const int64_t *ids;
	size_t n_ids;
	int rc =
		db_selector_find(s->db, n->selector, s->steps.until_cpu_ms, &found, NULL);

	s->steps.is_over |= rc == ERR_LIMIT;
	if (rc < 0)
		return false;
	n->is_undecided = found.n_undecided > 0;
	ids = found.ids;
	n_ids = found.n;
	if (n->n_sources > n_ids ||
	    (n->n_sources && n->sources[n->n_sources - 1].id != ids[n->n_sources - 1]))
		node_forget_sources(n);
	s->n_sources += n_ids;
	if (n->n_sources == n_ids)
		return true;
	if (s->n_sources > METRICS_EXPR_MAX_SOURCES) {
		s->steps.is_over = true;
		return false;
	}
	n->sources = xrealloc(n->sources, n_ids * sizeof(*n->sources));
	while (n->n_sources < n_ids && steps_take(&s->steps)) {
		if (source_read(s->db, ids[n->n_sources], &n->sources[n->n_sources]) < 0)
			return false;
		n->n_sources++;
	}
	return n->n_sources == n_ids;
}

static bool is_late(const struct search *s, const struct db_series_pace *p)
{
	const int64_t most =
		MIN(p->pause_ms + p->pause_ms / 2, (int64_t)METRICS_LATE_MAX_MS);
	const int64_t silent_ms = s->now_ms - p->last_ms;

	/* What reported once has its pace ahead. */
	if (p->pause_ms == 0)
		return silent_ms > METRICS_LATE_MAX_MS;
	return silent_ms > MAX(most, (int64_t)METRICS_LATE_MS);
}

/* Another series of the same unit, wherever it is now, or of the host reports; or the
 * unit did so from another host since, whose series is the one to wait for. */
static bool reports_otherwise(struct search *s, const struct node *n,
			      const struct source *of, int64_t last_ms)
{
	struct db_series_pace p;

	for (size_t i = 0; i < n->n_sources && steps_take(&s->steps); i++) {
		const struct source *x = &n->sources[i];
		const bool is_there = strcmp(x->host, of->host) == 0;

		if (x != of && strcmp(x->unit, of->unit) == 0 &&
		    (*of->unit || is_there) && db_series_pace(s->db, x->id, &p) &&
		    (!is_late(s, &p) || (!is_there && p.last_ms > last_ms)))
			return true;
	}
	return false;
}

static bool is_waited_for(struct search *s, const struct node *n, const struct source *of,
			  const struct db_series_pace *p)
{
	if (p->is_over || s->now_ms - p->last_ms > METRICS_WAIT_MS)
		return false;
	return !of->is_ours ||
	       (s->agents &&
		s->agents->is_expected(s->agents->arg, of->host, of->unit, p->last_ms) &&
		!reports_otherwise(s, n, of, p->last_ms));
}

static void note(const struct search *s, struct node *n, const struct source *of,
		 int64_t last_ms)
{
	struct metrics_missing *m = s->found;

	n->is_missing = true;
	if (m->n++ > 0 && m->last_ms <= last_ms)
		return;
	m->host = of && of->is_ours ? of->host : "";
	m->unit = of && of->is_ours ? of->unit : "";
	m->text = of ? of->text : n->text;
	m->last_ms = last_ms;
}

static bool has_reported(struct search *s, const struct node *n, const char *unit)
{
	for (size_t i = 0; i < n->n_sources && steps_take(&s->steps); i++)
		if (strcmp(n->sources[i].unit, unit) == 0)
			return true;
	return false;
}

/* Notes a new sibling that has never reported, when most others do. */
static void search_siblings(struct search *s, struct node *n, const char *unit)
{
	const char *name, *missing = NULL;
	size_t with = 0, without = 0;
	bool is_new;

	for (size_t i = 0; (name = s->agents->sibling(s->agents->arg, unit, i, &is_new));
	     i++) {
		if (has_reported(s, n, name)) {
			with++;
			continue;
		}
		without++;
		missing = is_new ? name : missing;
	}
	if (!missing || with <= without)
		return;
	note(s, n, NULL, 0);
	s->found->unit = missing;
	s->found->text = "";
}

/* Of a part that nothing matches. */
static bool may_come(const struct search *s, struct node *n)
{
	if (n->unmatched_ms == 0)
		n->unmatched_ms = s->now_ms;
	if (s->now_ms - n->unmatched_ms > METRICS_WAIT_MS)
		return false;
	return !s->agents || !n->stack || !n->tier ||
	       s->agents->is_wanted(s->agents->arg, n->stack, n->tier);
}

static void search_series(struct search *s, struct node *n)
{
	const char *unit = NULL;
	bool is_known = find_sources(s, n);

	if (!is_known || n->is_undecided) {
		note(s, n, NULL, 0);
		s->found->is_unread |= s->found->text == n->text;
		s->found->is_undecided |= is_known && s->found->text == n->text;
	} else if (n->n_sources == 0 && s->n_parts > 1 && may_come(s, n)) {
		note(s, n, NULL, 0);
	}
	for (size_t i = 0; i < n->n_sources && steps_take(&s->steps); i++) {
		struct db_series_pace p;

		if (!db_series_pace(s->db, n->sources[i].id, &p))
			continue;
		if (!is_late(s, &p)) {
			s->fresh++;
			if (n->sources[i].is_ours && *n->sources[i].unit)
				unit = n->sources[i].unit;
		} else if (is_waited_for(s, n, &n->sources[i], &p)) {
			note(s, n, &n->sources[i], p.last_ms);
		}
	}
	if (unit && s->agents)
		search_siblings(s, n, unit);
}

static void search_part(struct search *s, struct node *n)
{
	const size_t fresh = s->fresh;

	n->is_missing = n->is_undecided = false;
	if (!s->steps.is_over)
		search_series(s, n);
	if (s->steps.is_over) {
		note(s, n, NULL, 0);
		s->found->is_unread = s->found->is_costly = true;
	}
	n->is_over = s->fresh == fresh && !n->is_missing;
}

/* is_bound becomes false when a missing part makes the result too large.
 * rises: the result rises with the node's value. */
static void search_node(struct search *s, struct node *n, bool rises)
{
	if (!n)
		return;
	if (n->op == OP_PART) {
		search_part(s, n);
		if (n->is_missing && (!rises || n->agg == PART_MIN || n->agg == PART_AVG))
			s->found->is_bound = false;
	}
	if (n->op == OP_MUL && n->a->op == OP_NUMBER && n->a->number < 0)
		rises = !rises;
	search_node(s, n->a, rises);
	search_node(s, n->b, n->op == OP_SUB || n->op == OP_DIV ? !rises : rises);
}

static size_t count_parts(const struct node *n)
{
	return n ? (n->op == OP_PART) + count_parts(n->a) + count_parts(n->b) : 0;
}

bool metrics_expr_missing(struct db *db, struct metrics_expr *e, int64_t now_ms,
			  const struct metrics_agents *agents,
			  struct metrics_missing *ret)
{
	struct search s = { .db = db,
			    .now_ms = now_ms,
			    .agents = agents,
			    .n_parts = count_parts(e->root),
			    .found = ret };
	const int64_t begun_cpu_ms = clock_cpu_ms();

	*ret = (struct metrics_missing){ .is_bound = true };
	steps_begin(&s.steps, e);
	search_node(&s, e->root, true);
	e->missing_ms = clock_cpu_ms() - begun_cpu_ms;
	ret->is_all = s.fresh == 0;
	return ret->n > 0;
}
