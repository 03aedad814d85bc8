/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of series and the selectors over it. */
#include "engine.h"
#include "labels.h"

#include "check.h"

#include <inttypes.h>
#include <regex.h>
#include <string.h>

#define VALUE_MAX_BYTES LABELS_MAX_BYTES

const char *db_series_kind_name(enum db_series_kind k)
{
	return k == DB_COUNTER ? "counter" : "gauge";
}

static uint32_t hash_of(const char *name, const char *labels)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	h *= 16777619u;
	for (; *labels; labels++)
		h = (h ^ (unsigned char)*labels) * 16777619u;
	return h;
}

/* ---------------------------------------------------------------- registry */

static void slot_in(struct db_metrics *m, struct db_entry *e)
{
	size_t i = e->hash & (m->n_slots - 1);

	while (m->slots[i])
		i = (i + 1) & (m->n_slots - 1);
	m->slots[i] = e;
}

static void slots_rebuild(struct db_metrics *m, size_t want)
{
	size_t n = 64;

	while (n < want * 2)
		n *= 2;
	free(m->slots);
	m->slots = xcalloc(n, sizeof(struct db_entry *));
	m->n_slots = n;
	for (size_t i = 0; i < m->n; i++)
		slot_in(m, m->v[i]);
}

struct db_entry *db_entry_find(struct db_metrics *m, const char *name, const char *labels)
{
	uint32_t hash = hash_of(name, labels);

	for (size_t i = hash & (m->n_slots - 1); m->slots[i];
	     i = (i + 1) & (m->n_slots - 1)) {
		struct db_entry *e = m->slots[i];

		if (e->hash == hash && strcmp(e->name, name) == 0 &&
		    strcmp(e->labels, labels) == 0)
			return e;
	}
	return NULL;
}

/* Index of the first entry with an id of at least id. */
static size_t lower_bound(const struct db_metrics *m, int64_t id)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (m->v[mid]->id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct db_entry *db_entry_by_id(struct db_metrics *m, int64_t id)
{
	size_t i = lower_bound(m, id);

	return i < m->n && m->v[i]->id == id ? m->v[i] : NULL;
}

struct db_entry *db_entry_add(struct db_metrics *m, int64_t id, const char *name,
			      const char *labels, enum db_series_kind kind)
{
	size_t name_size = strlen(name) + 1, labels_size = strlen(labels) + 1;
	struct db_entry *e = xcalloc(1, sizeof(*e) + name_size + labels_size);
	char *text = (char *)(e + 1);
	struct label_span host;

	memcpy(text, name, name_size);
	memcpy(text + name_size, labels, labels_size);
	e->id = id;
	e->name = text;
	e->labels = text + name_size;
	e->kind = kind;
	e->ephemeral = labels_get(labels, "host", &host);
	e->hash = hash_of(name, labels);
	e->packed_to = INT64_MIN;
	CHECK(m->n == 0 || m->v[m->n - 1]->id < id);
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 64;
		m->v = xrealloc(m->v, m->cap * sizeof(struct db_entry *));
	}
	m->v[m->n++] = e;
	if (m->n * 2 > m->n_slots)
		slots_rebuild(m, m->n);
	else
		slot_in(m, e);
	return e;
}

static void entry_free(struct db_entry *e)
{
	free(e->head);
	free(e);
}

void db_entries_drop(struct db_metrics *m, bool (*drop)(const struct db_entry *e))
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (drop(m->v[i]))
			entry_free(m->v[i]);
		else
			m->v[kept++] = m->v[i];
	}
	if (kept == m->n)
		return;
	m->n = kept;
	m->generation++;
	slots_rebuild(m, m->n);
}

static bool is_fresh(const struct db_entry *e)
{
	return e->fresh;
}

void db_entries_drop_fresh(struct db_metrics *m)
{
	pthread_mutex_lock(&m->lock);
	db_entries_drop(m, is_fresh);
	pthread_mutex_unlock(&m->lock);
}

static int load_series(struct db *db, struct err *err)
{
	CLEANUP(db_stmt_done) sqlite3_stmt *q = NULL;
	struct db_metrics *m = db->metrics;
	int rc = db_prepare(db->writer,
			    "SELECT id, name, labels, kind, first_ms, last_ms,"
			    " (SELECT t1_ms FROM sample_chunk WHERE series = series.id"
			    "  ORDER BY t0_ms DESC LIMIT 1) FROM series ORDER BY id",
			    &q, err);

	while (rc == 0 && (rc = db_step(db->writer, q, err)) == 1) {
		struct db_entry *e = db_entry_add(
			m, sqlite3_column_int64(q, 0), db_column_str(q, 1),
			db_column_str(q, 2),
			strcmp(db_column_str(q, 3), "counter") == 0 ? DB_COUNTER
								    : DB_GAUGE);

		e->first_ms = sqlite3_column_int64(q, 4);
		e->last_ms = sqlite3_column_int64(q, 5);
		if (sqlite3_column_type(q, 6) != SQLITE_NULL)
			e->packed_to = sqlite3_column_int64(q, 6);
		rc = 0;
	}
	return rc;
}

int db_metrics_open(struct db *db, struct err *err)
{
	struct db_metrics *m = xcalloc(1, sizeof(*m));
	int rc;

	db->metrics = m;
	CHECK(pthread_mutex_init(&m->lock, NULL) == 0);
	db_limits_default(&m->limits);
	slots_rebuild(m, 0);
	if ((rc = db_conn_int(db->writer,
			      "SELECT value FROM meta WHERE name = 'rolled_to_ms'",
			      &m->rolled_to, err)) < 0 ||
	    (rc = load_series(db, err)) < 0)
		return rc;
	m->rolled_saved = m->rolled_to != 0;
	return db_journal_load(db, err);
}

void db_metrics_close(struct db *db)
{
	struct db_metrics *m = db->metrics;

	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		entry_free(m->v[i]);
	free(m->v);
	free(m->slots);
	pthread_mutex_destroy(&m->lock);
	free(m);
	db->metrics = NULL;
}

/* ---------------------------------------------------------------- selectors */

struct matcher {
	char *label;
	enum db_match_op op;
	char *value; /* escaped, as it is in the text of labels */
	regex_t re;
	bool has_re;
};

struct db_selector {
	char *name;
	struct matcher *m;
	size_t n_matchers;
	int64_t seen; /* entries up to this id were looked at */
	uint64_t generation;
	int64_t *ids;
	size_t n, cap;
};

static int matcher_init(struct matcher *m, const struct db_matcher *in, struct err *err)
{
	CLEANUP(buf_done) struct buf text;
	char words[128];
	int rc;

	buf_init(&text, VALUE_MAX_BYTES + 16);
	m->label = xstrdup(in->label);
	m->op = in->op;
	if (in->op == DB_MATCH_EQ || in->op == DB_MATCH_NE) {
		labels_escape(in->value, &text);
		m->value = xstrdup(buf_str(&text));
		return 0;
	}
	m->value = xstrdup(in->value);
	buf_printf(&text, "^(%s)$", in->value);
	if (buf_is_full(&text))
		return err_set(err, ERR_LIMIT,
			       "the regular expression for '%s' is too long", in->label);
	rc = regcomp(&m->re, buf_str(&text), REG_EXTENDED | REG_NOSUB);
	if (rc != 0) {
		regerror(rc, &m->re, words, sizeof(words));
		return err_set(err, ERR_INVAL,
			       "label %s: bad regular expression '%s': %s", in->label,
			       in->value, words);
	}
	m->has_re = true;
	return 0;
}

int db_selector_new(const char *name, const struct db_matcher *m, size_t n,
		    struct db_selector **ret, struct err *err)
{
	CLEANUP(db_selector_free) struct db_selector *s = xcalloc(1, sizeof(*s));

	s->name = xstrdup(name);
	s->m = xcalloc(n + 1, sizeof(*s->m));
	for (size_t i = 0; i < n; i++) {
		int rc;

		s->n_matchers = i + 1;
		rc = matcher_init(&s->m[i], &m[i], err);
		if (rc < 0)
			return rc;
	}
	*ret = TAKE(s);
	return 0;
}

void db_selector_free(struct db_selector *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_matchers; i++) {
		free(s->m[i].label);
		free(s->m[i].value);
		if (s->m[i].has_re)
			regfree(&s->m[i].re);
	}
	free(s->m);
	free(s->name);
	free(s->ids);
	free(s);
}

static bool matches_text(const struct matcher *m, const struct label_span *l)
{
	return strlen(m->value) == l->value_len &&
	       memcmp(m->value, l->value, l->value_len) == 0;
}

static bool matches_re(const struct matcher *m, const struct label_span *l)
{
	CLEANUP(buf_done) struct buf value;

	buf_init(&value, VALUE_MAX_BYTES);
	labels_unescape(l, &value);
	return regexec(&m->re, buf_str(&value), 0, NULL, 0) == 0;
}

static bool matches(const struct db_selector *s, const struct db_entry *e)
{
	if (*s->name && strcmp(s->name, e->name) != 0)
		return false;
	for (size_t i = 0; i < s->n_matchers; i++) {
		const struct matcher *m = &s->m[i];
		struct label_span l;
		bool hit;

		if (!labels_get(e->labels, m->label, &l))
			l = (struct label_span){ "", 0, "", 0 };
		hit = m->has_re ? matches_re(m, &l) : matches_text(m, &l);
		if (hit == (m->op == DB_MATCH_NE || m->op == DB_MATCH_NRE))
			return false;
	}
	return true;
}

static void selector_update(struct db_metrics *m, struct db_selector *s)
{
	if (s->generation != m->generation) {
		s->generation = m->generation;
		s->seen = 0;
		s->n = 0;
	}
	for (size_t i = lower_bound(m, s->seen + 1); i < m->n; i++) {
		s->seen = m->v[i]->id;
		if (!matches(s, m->v[i]))
			continue;
		if (s->n == s->cap) {
			s->cap = s->cap ? s->cap * 2 : 8;
			s->ids = xrealloc(s->ids, s->cap * sizeof(*s->ids));
		}
		s->ids[s->n++] = m->v[i]->id;
	}
}

void db_selector_ids(struct db *db, struct db_selector *s, const int64_t **ret,
		     size_t *ret_n)
{
	struct db_metrics *m = db->metrics;

	pthread_mutex_lock(&m->lock);
	selector_update(m, s);
	pthread_mutex_unlock(&m->lock);
	*ret = s->ids;
	*ret_n = s->n;
}

/* ---------------------------------------------------------------- listing */

void db_series_done(struct db_series *s)
{
	free(s->name);
	free(s->labels);
	memset(s, 0, sizeof(*s));
}

void db_series_list_done(struct db_series_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		db_series_done(&l->v[i]);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

static int by_text(const void *a, const void *b)
{
	const struct db_entry *x = *(struct db_entry *const *)a;
	const struct db_entry *y = *(struct db_entry *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->labels, y->labels);
}

static void copy_entry(struct db_series *s, const struct db_entry *e)
{
	s->id = e->id;
	s->name = xstrdup(e->name);
	s->labels = xstrdup(e->labels);
	s->kind = e->kind;
	s->first_ms = e->first_ms;
	s->last_ms = e->last_ms;
}

static int list_page(struct db_metrics *m, struct db_selector *s, int64_t after,
		     size_t limit, struct db_series_list *ret, struct err *err)
{
	CLEANUP(free) struct db_entry **found = NULL;
	const struct db_entry *last = after ? db_entry_by_id(m, after) : NULL;
	size_t n = 0, i = 0;

	if (after && !last)
		return err_set(err, ERR_INVAL, "no series %" PRId64 " to go on after",
			       after);
	selector_update(m, s);
	found = xcalloc(s->n + 1, sizeof(struct db_entry *));
	for (size_t k = 0; k < s->n; k++)
		if ((found[n] = db_entry_by_id(m, s->ids[k])))
			n++;
	qsort(found, n, sizeof(struct db_entry *), by_text);
	while (last && i < n && by_text(&found[i], &last) <= 0)
		i++;
	n -= i;
	n = limit && n > limit ? limit : n;
	ret->v = xcalloc(n + 1, sizeof(*ret->v));
	for (ret->n = 0; ret->n < n; ret->n++)
		copy_entry(&ret->v[ret->n], found[i + ret->n]);
	return 0;
}

int db_series_find(struct db *db, struct db_selector *s, int64_t after, size_t limit,
		   struct db_series_list *ret, struct err *err)
{
	int rc;

	pthread_mutex_lock(&db->metrics->lock);
	rc = list_page(db->metrics, s, after, limit, ret, err);
	pthread_mutex_unlock(&db->metrics->lock);
	return rc;
}

int db_series_get(struct db *db, int64_t id, struct db_series *ret, struct err *err)
{
	const struct db_entry *e;

	pthread_mutex_lock(&db->metrics->lock);
	e = db_entry_by_id(db->metrics, id);
	if (e)
		copy_entry(ret, e);
	pthread_mutex_unlock(&db->metrics->lock);
	return e ? 0 : err_set(err, ERR_NOT_FOUND, "no series %" PRId64, id);
}

size_t db_series_count(struct db *db)
{
	size_t n;

	pthread_mutex_lock(&db->metrics->lock);
	n = db->metrics->n;
	pthread_mutex_unlock(&db->metrics->lock);
	return n;
}
