/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression_missing.c - which series of an expression have stopped reporting. What a
 * series is called is looked up once; after that a tick reads times alone.
 */
#include "expression_tree.h"

#include "buf.h"
#include "check.h"
#include "samples.h"

#include <string.h>

#define TEXT_MAX_BYTES 1024

void node_forget_sources(struct node *n)
{
	for (size_t i = 0; i < n->n_sources; i++) {
		free(n->sources[i].host);
		free(n->sources[i].unit);
		free(n->sources[i].text);
	}
	free(n->sources);
	n->sources = NULL;
	n->n_sources = 0;
}

/* ---------------------------------------------------------------- what it is called */

static char *label_of(const struct db_series *series, const char *name)
{
	CLEANUP(buf_done) struct buf value;
	struct label_span l;

	buf_init(&value, LABELS_MAX_BYTES);
	if (labels_get(series->labels, name, &l))
		labels_unescape(&l, &value);
	return xstrdup(buf_str(&value));
}

static bool is_named(const struct label_span *l, const char *name)
{
	return l->name_len == strlen(name) && memcmp(l->name, name, l->name_len) == 0;
}

static char *text_of(const struct db_series *series)
{
	CLEANUP(buf_done) struct buf text;
	const char *pos = series->labels;
	struct label_span l;
	size_t n = 0;

	buf_init(&text, TEXT_MAX_BYTES);
	/* Of a Prometheus query's answer: the labels that the server gave. */
	if (strcmp(series->name, METRICS_PROMETHEUS_SERIES) == 0)
		return label_of(series, METRICS_PROMETHEUS_LABEL);
	buf_puts(&text, series->name);
	while (labels_next(&pos, &l))
		if (!is_named(&l, "stack"))
			buf_printf(&text, "%s%.*s=\"%.*s\"", n++ ? "," : "{",
				   (int)l.name_len, l.name, (int)l.value_len, l.value);
	buf_puts(&text, n ? "}" : "");
	return xstrdup(buf_str(&text));
}

static int find_ours(struct db *db, const char *host, bool *ret)
{
	CLEANUP(db_host_done) struct db_host h = { 0 };
	const int rc = *host ? db_host_get(db, host, &h, NULL) : ERR_NOT_FOUND;

	*ret = rc == 0;
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static int read_source(struct db *db, int64_t id, struct source *ret)
{
	CLEANUP(db_series_done) struct db_series series = { 0 };
	CLEANUP(free) char *host = NULL;
	bool is_ours;
	int rc;

	*ret = (struct source){ .id = id };
	if (db_series_get(db, id, &series, NULL) < 0) {
		ret->host = xstrdup("");
		ret->unit = xstrdup("");
		ret->text = xstrdup("");
		return 0;
	}
	host = label_of(&series, "host");
	rc = find_ours(db, host, &is_ours);
	if (rc < 0)
		return rc;
	ret->is_ours = is_ours;
	ret->host = TAKE(host);
	ret->unit = label_of(&series, "unit");
	ret->text = text_of(&series);
	return 0;
}

/* The selector's series are appended to, unless some were deleted. False: not all could
 * be read; the next call goes on. */
static bool find_sources(struct db *db, struct node *n)
{
	const int64_t *ids;
	size_t n_ids;

	db_selector_ids(db, n->selector, &ids, &n_ids);
	if (n->n_sources > n_ids ||
	    (n->n_sources && n->sources[n->n_sources - 1].id != ids[n->n_sources - 1]))
		node_forget_sources(n);
	if (n->n_sources == n_ids)
		return true;
	n->sources = xrealloc(n->sources, n_ids * sizeof(*n->sources));
	while (n->n_sources < n_ids) {
		if (read_source(db, ids[n->n_sources], &n->sources[n->n_sources]) < 0)
			return false;
		n->n_sources++;
	}
	return true;
}

/* ---------------------------------------------------------------- which are missing */

struct search {
	struct db *db;
	int64_t now_ms;
	const struct metrics_agents *agents;
	size_t n_parts;
	size_t fresh; /* series that are not late */
	struct metrics_missing *found;
};

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
static bool reports_otherwise(const struct search *s, const struct node *n,
			      const struct source *of, int64_t last_ms)
{
	struct db_series_pace p;

	for (size_t i = 0; i < n->n_sources; i++) {
		const struct source *x = &n->sources[i];
		const bool is_there = strcmp(x->host, of->host) == 0;

		if (x != of && strcmp(x->unit, of->unit) == 0 &&
		    (*of->unit || is_there) && db_series_pace(s->db, x->id, &p) &&
		    (!is_late(s, &p) || (!is_there && p.last_ms > last_ms)))
			return true;
	}
	return false;
}

static bool is_waited_for(const struct search *s, const struct node *n,
			  const struct source *of, const struct db_series_pace *p)
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

static bool has_reported(const struct node *n, const char *unit)
{
	for (size_t i = 0; i < n->n_sources; i++)
		if (strcmp(n->sources[i].unit, unit) == 0)
			return true;
	return false;
}

/* Notes a new sibling that has never reported, when most others do. */
static void search_siblings(const struct search *s, struct node *n, const char *unit)
{
	const char *name, *missing = NULL;
	size_t with = 0, without = 0;
	bool is_new;

	for (size_t i = 0; (name = s->agents->sibling(s->agents->arg, unit, i, &is_new));
	     i++) {
		if (has_reported(n, name)) {
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

static void search_part(struct search *s, struct node *n)
{
	const size_t fresh = s->fresh;
	const char *unit = NULL;
	bool is_known;

	n->is_missing = false;
	is_known = find_sources(s->db, n);
	if (!is_known) {
		note(s, n, NULL, 0);
		s->found->is_unread |= s->found->text == n->text;
	} else if (n->n_sources == 0 && s->n_parts > 1 && may_come(s, n)) {
		note(s, n, NULL, 0);
	}
	for (size_t i = 0; i < n->n_sources; i++) {
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

	*ret = (struct metrics_missing){ .is_bound = true };
	search_node(&s, e->root, true);
	ret->is_all = s.fresh == 0;
	return ret->n > 0;
}
