/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Series: listed by selector, evaluated by expression.
 */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "samples.h"

#include <ctype.h>
#include <string.h>

#define MATCHERS_MAX 16
#define POINTS_MAX 20000
#define HOUR_MS (3600 * 1000LL)
#define SILENT_MS 90000

/* ---------------------------------------------------------------- selectors */

/* NAME{label="value",other=~"regex"}, cut in place. */
struct selector {
	char *text;
	const char *name;
	struct db_matcher m[MATCHERS_MAX];
	size_t n;
};

static int bad_selector(struct err *err)
{
	return err_set(
		err, ERR_INVAL,
		"match must be a selector: NAME{label=\"value\",label=~\"regex\"}");
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == ':';
}

static bool read_op(char **p, enum db_match_op *ret)
{
	static const struct {
		const char *text;
		enum db_match_op op;
	} ops[] = { { "=~", DB_MATCH_RE },
		    { "!~", DB_MATCH_NRE },
		    { "!=", DB_MATCH_NE },
		    { "=", DB_MATCH_EQ } };

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (strncmp(*p, ops[i].text, strlen(ops[i].text)) != 0)
			continue;
		**p = '\0'; /* ends the label */
		*p += strlen(ops[i].text);
		*ret = ops[i].op;
		return true;
	}
	return false;
}

static char *read_quoted(char **p)
{
	char *from = ++*p, *out = from;

	for (; **p && **p != '"'; (*p)++) {
		if (**p == '\\' && (*p)[1])
			(*p)++;
		*out++ = **p;
	}
	if (**p != '"')
		return NULL;
	(*p)++;
	*out = '\0';
	return from;
}

static int read_matcher(struct selector *s, char **p, struct err *err)
{
	struct db_matcher *m = &s->m[s->n];

	if (s->n == MATCHERS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d matchers", MATCHERS_MAX);
	m->label = *p;
	while (is_name_char(**p))
		(*p)++;
	if (*p == m->label || !read_op(p, &m->op) || **p != '"')
		return bad_selector(err);
	m->value = read_quoted(p);
	if (!m->value)
		return bad_selector(err);
	s->n++;
	return 0;
}

static int read_selector(struct selector *s, const char *text, struct err *err)
{
	char *p = s->text = xstrdup(text);
	int rc = 0;

	s->name = p;
	while (is_name_char(*p))
		p++;
	if (*p == '\0')
		return 0;
	if (*p != '{')
		return bad_selector(err);
	*p++ = '\0';
	while (rc == 0 && *p && *p != '}') {
		p += strspn(p, " ,");
		if (*p != '}')
			rc = read_matcher(s, &p, err);
	}
	if (rc == 0 && strcmp(p, "}") != 0)
		return bad_selector(err);
	return rc;
}

int api_series_list(struct request *r, struct err *err)
{
	struct selector s = { .n = 0 };
	CLEANUP(db_selector_free) struct db_selector *compiled = NULL;
	CLEANUP(db_series_list_done) struct db_series_list list = { NULL, 0 };
	const char *match = request_query(r, "match");
	CLEANUP(free) char *text = NULL;
	int64_t after;
	size_t limit;
	json_t *items;
	int rc = request_page_id(r, &limit, &after, err);

	if (rc == 0)
		rc = read_selector(&s, match ? match : "", err);
	text = s.text;
	if (rc == 0)
		rc = db_selector_new(s.name, s.m, s.n, &compiled, err);
	if (rc == 0)
		rc = db_series_find(r->api->db, compiled, after, limit + 1, &list, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < list.n; i++) {
		const struct db_series *e = &list.v[i];

		json_array_append_new(
			items,
			json_pack("{s:I, s:s, s:s, s:s, s:o, s:o}", "id",
				  (json_int_t)e->id, "name", e->name, "labels", e->labels,
				  "kind", e->kind == DB_COUNTER ? "counter" : "gauge",
				  "first", json_time(e->first_ms), "last",
				  json_time(e->last_ms)));
	}
	reply_items(r, items, limit, "id");
	return 0;
}

/* Series that still report are no sources that are gone. */
int api_series_forget(struct request *r, struct err *err)
{
	static const char *const keys[] = { "match", NULL };
	struct selector s = { .n = 0 };
	CLEANUP(db_selector_free) struct db_selector *compiled = NULL;
	CLEANUP(json_decref) json_t *body = NULL;
	CLEANUP(free) char *text = NULL;
	const char *match = "";
	bool dry_run;
	size_t n = 0;
	int rc = request_dry_run(r, &dry_run, err);

	if (rc == 0)
		rc = request_json(r, keys, &body, err);
	if (rc == 0)
		rc = jread_str(body, "match", &match, err);
	if (rc == 0)
		rc = *match ? read_selector(&s, match, err) : bad_selector(err);
	text = s.text;
	if (rc == 0)
		rc = db_selector_new(s.name, s.m, s.n, &compiled, err);
	if (rc == 0 && !dry_run)
		rc = db_series_end(r->api->db, compiled, clock_now_ms() - SILENT_MS, &n,
				   err);
	if (rc == 0 && !dry_run && n == 0)
		rc = err_set(err, ERR_NOT_FOUND,
			     "no series that %s matches has fallen silent", match);
	if (rc < 0)
		return rc;
	if (!dry_run) {
		api_event(r, "series-forgotten", "", "", "",
			  "%s forgets %zu silent series of %s", r->who, n, match);
		api_poke(r, "forget");
	}
	reply_json(r, 200,
		   json_pack("{s:s, s:I, s:b}", "match", match, "forgotten",
			     (json_int_t)n, "applied", !dry_run));
	return 0;
}

int api_series_data(struct request *r, struct err *err)
{
	const char *expression = request_query(r, "expr");
	int64_t from, to, step;
	json_t *doc;
	int rc = request_span(r, 2 * HOUR_MS, &from, &to, err);

	if (rc < 0)
		return rc;
	step = ((to - from) / 300 + 999) / 1000 * 1000;
	rc = request_query_duration(r, "step", &step, err);
	if (rc == 0 && !expression)
		rc = err_set(err, ERR_INVAL, "expr is missing");
	if (rc == 0 && (step < 1000 || (to - from) / step > POINTS_MAX))
		rc = err_set(err, ERR_INVAL,
			     "step must be at least 1s and give at most %d points",
			     POINTS_MAX);
	if (rc == 0 && !API_HOOK(r, eval))
		rc = request_absent(err, "the metrics store");
	if (rc == 0)
		rc = API_HOOK(r, eval)(API_HOOK(r, arg), expression, from, to, step, &doc,
				       err);
	if (rc == 0)
		reply_json(r, 200, doc);
	return rc;
}
