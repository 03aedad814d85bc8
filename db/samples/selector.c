/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selectors of series by name and labels. */
#include "selector.h"

#include "check.h"
#include "labels.h"

#include <regex.h>
#include <string.h>

#define VALUE_MAX_BYTES LABELS_MAX_BYTES

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
	int64_t seen; /* entries up to this id were checked */
	uint64_t generation;
	int64_t *ids;
	size_t n, cap;
};

static int matcher_init(struct matcher *m, const struct db_matcher *in, struct err *err)
{
	CLEANUP(buf_done) struct buf text;
	char why[128];
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
		regerror(rc, &m->re, why, sizeof(why));
		return err_set(err, ERR_INVAL,
			       "label %s: bad regular expression '%s': %s", in->label,
			       in->value, why);
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

const int64_t *db_selector_update(struct db_metrics *m, struct db_selector *s,
				  size_t *ret_n)
{
	if (s->generation != m->generation) {
		s->generation = m->generation;
		s->seen = 0;
		s->n = 0;
	}
	for (size_t i = db_entries_after(m, s->seen); i < m->n; i++) {
		s->seen = m->v[i]->id;
		if (!matches(s, m->v[i]))
			continue;
		if (s->n == s->cap) {
			s->cap = s->cap ? s->cap * 2 : 8;
			s->ids = xrealloc(s->ids, s->cap * sizeof(*s->ids));
		}
		s->ids[s->n++] = m->v[i]->id;
	}
	*ret_n = s->n;
	return s->ids;
}

void db_selector_ids(struct db *db, struct db_selector *s, const int64_t **ret,
		     size_t *ret_n)
{
	struct db_metrics *m = db->metrics;

	pthread_mutex_lock(&m->lock);
	*ret = db_selector_update(m, s, ret_n);
	pthread_mutex_unlock(&m->lock);
}
