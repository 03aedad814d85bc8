/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selectors of series by name and labels: made, asked, freed. */
#include "selector.h"

#include "check.h"
#include "clock.h"
#include "labels.h"

#include <string.h>

#define VALUE_MAX_BYTES LABELS_MAX_BYTES
#define SEARCH_MAX_MS 500 /* clock_cpu_ms(), of one call */

static int matcher_init(struct matcher *m, const struct db_matcher *in, struct err *err)
{
	CLEANUP(buf_done) struct buf text;
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
	rc = pattern_new(in->value, &m->pattern, err);
	return rc < 0 ? err_wrap(err, rc, "label %s: bad regular expression '%.80s'",
				 in->label, in->value)
		      : 0;
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
		s->n_patterns += s->m[i].pattern != NULL;
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
		pattern_free(s->m[i].pattern);
	}
	free(s->m);
	free(s->name);
	free(s->hits.v);
	free(s->undecided.v);
	free(s);
}

int db_selector_find(struct db *db, struct db_selector *s, int64_t until_cpu_ms,
		     struct db_found *ret, struct err *err)
{
	const int rc = db_selector_update(db->metrics, s, until_cpu_ms, err);

	if (rc < 0)
		return rc;
	*ret = (struct db_found){ s->hits.v, s->hits.n, s->undecided.n, s->why.msg };
	return 0;
}

int db_selector_ids(struct db *db, struct db_selector *s, const int64_t **ret,
		    size_t *ret_n, struct err *err)
{
	const int64_t until_cpu_ms =
		s->n_patterns ? clock_cpu_ms() + SEARCH_MAX_MS : INT64_MAX;
	struct db_found found = { .n = 0 };
	int rc = db_selector_find(db, s, until_cpu_ms, &found, err);

	if (rc == 0 && found.n_undecided)
		rc = err_set(err, ERR_LIMIT, "%s", found.why);
	*ret = found.ids;
	*ret_n = rc < 0 ? 0 : found.n;
	return rc;
}
