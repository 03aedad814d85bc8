/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * selector_update.c - what a selector finds among series that it has not looked at yet.
 *
 * A slice of them is compared with its name and the values that labels must have, or must
 * not, under the lock; patterns of outsiders are matched with copies, outside it.
 */
#include "selector.h"

#include "check.h"
#include "clock.h"
#include "labels.h"
#include "sorted.h"

#include <string.h>

#define SLICE 1024u       /* entries that are looked at without giving the lock back */
#define COPY_BYTES 65536u /* of labels in a slice; then it ends */
#define TIMES_EVERY 4u    /* matches of patterns between two looks at the clock */

/* Of a slice, those that may match. */
struct slice {
	int64_t ids[SLICE];
	size_t at[SLICE]; /* where in text its labels are */
	size_t n;
	struct buf text; /* copies, each with its end; only for patterns */
	int64_t upto;    /* entries up to this id were looked at */
};

static void slice_done(struct slice *b)
{
	buf_done(&b->text);
}
DEFINE_CLEANUP_OBJECT(struct slice, slice_done);

static void push(struct id_list *l, int64_t id)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		l->v = xrealloc(l->v, l->cap * sizeof(*l->v));
	}
	l->v[l->n++] = id;
}

/* ---------------------------------------------------------------- under the lock */

static bool is_match(const struct matcher *m, bool is_equal)
{
	return is_equal == (m->op == DB_MATCH_EQ || m->op == DB_MATCH_RE);
}

static struct label_span value_of(const char *labels, const struct matcher *m)
{
	struct label_span l;

	if (!labels_get(labels, m->label, &l))
		l = (struct label_span){ "", 0, "", 0 };
	return l;
}

/* All but the patterns. */
static bool may_match(const struct db_selector *s, const struct db_entry *e)
{
	if (*s->name && strcmp(s->name, e->name) != 0)
		return false;
	for (size_t i = 0; i < s->n_matchers; i++) {
		const struct matcher *m = &s->m[i];
		struct label_span l;

		if (m->pattern)
			continue;
		l = value_of(e->labels, m);
		if (!is_match(m, strlen(m->value) == l.value_len &&
					 memcmp(m->value, l.value, l.value_len) == 0))
			return false;
	}
	return true;
}

/* A run of entries in order of id. */
struct run {
	struct db_entry *const *v;
	size_t n;
};

static void narrow(struct run *r, const struct db_metrics *m, enum db_indexed by,
		   const char *text)
{
	const struct db_posting *p = db_index_find(&m->index, by, text, strlen(text));

	if (!p)
		*r = (struct run){ NULL, 0 };
	else if (p->n < r->n)
		*r = (struct run){ p->v, p->n };
}

/* The shortest of those in which all that match are. */
static struct run candidates(const struct db_metrics *m, const struct db_selector *s)
{
	struct run r = { m->v, m->n };

	if (*s->name)
		narrow(&r, m, DB_BY_NAME, s->name);
	for (size_t i = 0; i < s->n_matchers; i++)
		for (unsigned by = DB_BY_NAME + 1; by < DB_INDEXED; by++)
			if (s->m[i].op == DB_MATCH_EQ && *s->m[i].value &&
			    strcmp(s->m[i].label, db_indexed_label(by)) == 0)
				narrow(&r, m, by, s->m[i].value);
	return r;
}

/* False: these are the last ones. */
static bool gather(const struct db_metrics *m, const struct db_selector *s,
		   struct slice *b)
{
	const int64_t newest = m->n ? m->v[m->n - 1]->id : 0;
	const struct run r = candidates(m, s);
	size_t i = SORTED_PLACE(r.n, k, r.v[k]->id <= s->seen);
	const size_t end = MIN(r.n, i + SLICE);

	b->n = 0;
	buf_clear(&b->text);
	b->upto = s->seen;
	for (; i < end && b->text.len < COPY_BYTES; i++) {
		b->upto = r.v[i]->id;
		if (!may_match(s, r.v[i]))
			continue;
		b->at[b->n] = b->text.len;
		b->ids[b->n++] = b->upto;
		if (s->n_patterns)
			buf_add(&b->text, r.v[i]->labels, strlen(r.v[i]->labels) + 1);
	}
	if (i == r.n)
		b->upto = MAX(newest, s->seen);
	return i < r.n;
}

/* Whether some that it may have found were removed since. When ids may be given again, it
 * begins anew. */
static bool has_lost(const struct db_metrics *m, struct db_selector *s)
{
	const bool is_lost = s->generation != m->generation;

	s->generation = m->generation;
	if (s->epoch == m->epoch)
		return is_lost;
	s->epoch = m->epoch;
	s->seen = 0;
	s->hits.n = s->undecided.n = 0;
	return false;
}

/* Takes the lock itself. */
static void forget_removed(struct db_metrics *m, struct id_list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n;) {
		const size_t end = MIN(l->n, i + SLICE);

		db_registry_lock(m);
		for (; i < end; i++)
			if (db_entry_by_id(m, l->v[i]))
				l->v[kept++] = l->v[i];
		db_registry_let_pass(m);
		pthread_mutex_unlock(&m->lock);
	}
	l->n = kept;
}

/* ---------------------------------------------------------------- outside it */

/* One call's search. */
struct search {
	int64_t until_cpu_ms;
	size_t n_matched; /* with patterns, so far */
};

static int check_time(const struct search *w, struct err *err)
{
	if (clock_cpu_ms() <= w->until_cpu_ms)
		return 0;
	return err_set(err, ERR_LIMIT,
		       "its series were not all looked at within the time that it has; "
		       "match fewer by the metric's name or by =");
}

/* ERR_LIMIT: over its steps. */
static int matches_pattern(const struct matcher *m, const char *labels, bool *ret,
			   struct err *err)
{
	CLEANUP(buf_done) struct buf value;
	const struct label_span l = value_of(labels, m);
	bool hit = false;
	int rc;

	buf_init(&value, LABELS_MAX_BYTES);
	labels_unescape(&l, &value);
	rc = pattern_match(m->pattern, buf_str(&value), value.len, &hit, err);
	if (rc < 0)
		return err_wrap(err, rc, "label %s, regular expression '%.80s'", m->label,
				m->value);
	*ret = is_match(m, hit);
	return 0;
}

/* The time is looked at after a match, so that each call gets on. */
static int decide(struct db_selector *s, int64_t id, const char *labels, struct search *w,
		  struct err *err)
{
	bool is_hit = true;
	int rc = 0;

	for (size_t i = 0; rc == 0 && is_hit && i < s->n_matchers; i++) {
		if (!s->m[i].pattern)
			continue;
		rc = matches_pattern(&s->m[i], labels, &is_hit, &s->why);
		w->n_matched++;
	}
	if (rc < 0)
		push(&s->undecided, id);
	else if (is_hit)
		push(&s->hits, id);
	s->seen = id;
	return s->n_patterns && w->n_matched % TIMES_EVERY == 0 ? check_time(w, err) : 0;
}

static int decide_all(struct db_selector *s, const struct slice *b, struct search *w,
		      struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->n; i++)
		rc = decide(s, b->ids[i], buf_str(&b->text) + b->at[i], w, err);
	if (rc == 0)
		s->seen = b->upto;
	return rc;
}

int db_selector_update(struct db_metrics *m, struct db_selector *s, int64_t until_cpu_ms,
		       struct err *err)
{
	CLEANUP(slice_done) struct slice b;
	struct search w = { .until_cpu_ms = until_cpu_ms };
	bool is_lost, is_more;
	int rc = 0;

	buf_init(&b.text, COPY_BYTES + LABELS_MAX_BYTES + 16);
	do {
		db_registry_lock(m);
		is_lost = has_lost(m, s);
		is_more = is_lost || gather(m, s, &b);
		if (is_more)
			db_registry_let_pass(m);
		pthread_mutex_unlock(&m->lock);
		if (is_lost) {
			forget_removed(m, &s->hits);
			forget_removed(m, &s->undecided);
			continue;
		}
		rc = decide_all(s, &b, &w, err);
		if (rc == 0 && is_more)
			rc = check_time(&w, err);
	} while (rc == 0 && is_more);
	return rc;
}
