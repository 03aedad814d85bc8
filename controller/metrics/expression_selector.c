/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression_selector.c - NAME{label="value",...}[window] in a demand expression.
 */
#include "expression_parser.h"

#include "check.h"
#include "clock.h"
#include "samples.h"

#include <string.h>

#define WINDOW_MAX_MS 3600000
#define MATCHERS_MAX LABELS_MAX

struct matchers {
	struct db_matcher v[MATCHERS_MAX + 1];
	char *text[2 * MATCHERS_MAX]; /* owned */
	size_t n, n_text;
};

static void matchers_done(struct matchers *m)
{
	for (size_t i = 0; i < m->n_text; i++)
		free(m->text[i]);
}
DEFINE_CLEANUP_OBJECT(struct matchers, matchers_done);

static int take_op(struct parser *s, enum db_match_op *ret)
{
	static const struct {
		const char *text;
		enum db_match_op op;
	} ops[] = { { "=~", DB_MATCH_RE },
		    { "!~", DB_MATCH_NRE },
		    { "!=", DB_MATCH_NE },
		    { "=", DB_MATCH_EQ } };

	parser_skip_blanks(s);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (strncmp(s->p, ops[i].text, strlen(ops[i].text)) == 0) {
			s->p += strlen(ops[i].text);
			*ret = ops[i].op;
			return 0;
		}
	return parser_fail(s, "one of = != =~ !~ is expected");
}

static int take_matcher(struct parser *s, struct matchers *m)
{
	enum db_match_op op = DB_MATCH_EQ;
	char *name, *value = NULL;
	int rc;

	if (m->n == MATCHERS_MAX)
		return parser_fail(s, "there are too many labels");
	name = parser_take_name(s);
	if (!name)
		return parser_fail(s, "a label name is expected");
	m->text[m->n_text++] = name;
	if (!labels_name_ok(name))
		return parser_fail(s, "this is not a label name");
	if ((rc = take_op(s, &op)) != 0 || (rc = parser_take_string(s, &value)) != 0)
		return rc;
	m->text[m->n_text++] = value;
	m->v[m->n++] = (struct db_matcher){ name, op, value };
	return 0;
}

static int take_matchers(struct parser *s, struct matchers *m)
{
	if (!parser_take_char(s, '{'))
		return 0;
	while (!parser_take_char(s, '}')) {
		int rc;

		if (m->n && !parser_take_char(s, ','))
			return parser_fail(s, "a comma or } is expected");
		if (m->n && parser_take_char(s, '}'))
			return 0;
		rc = take_matcher(s, m);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The tier's own stack, unless the selector has a stack label. */
static void add_stack(struct parser *s, struct matchers *m)
{
	if (!*s->stack)
		return;
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i].label, "stack") == 0)
			return;
	m->v[m->n++] = (struct db_matcher){ "stack", DB_MATCH_EQ, s->stack };
}

/* The value that the label must have; NULL: any. */
static char *named(const struct matchers *m, const char *label)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].op == DB_MATCH_EQ && strcmp(m->v[i].label, label) == 0)
			return xstrdup(m->v[i].value);
	return NULL;
}

static int take_window(struct parser *s, int64_t *ret)
{
	CLEANUP(free) char *text = NULL;
	const char *end;

	if (!parser_take_char(s, '['))
		return 0;
	end = strchr(s->p, ']');
	if (!end)
		return parser_fail(s, "] is expected");
	text = xstrndup(s->p, (size_t)(end - s->p));
	if (clock_parse_duration(text, ret, NULL) < 0 || *ret <= 0 ||
	    *ret > WINDOW_MAX_MS)
		return parser_fail(s, "a duration up to 1h is expected");
	s->p = end + 1;
	return 0;
}

int parser_take_selector(struct parser *s, const char *name, struct node *n)
{
	CLEANUP(matchers_done) struct matchers m = { .n = 0 };
	int rc = take_matchers(s, &m);

	if (rc < 0)
		return rc;
	add_stack(s, &m);
	n->stack = named(&m, "stack");
	n->tier = named(&m, "tier");
	rc = db_selector_new(name, m.v, m.n, &n->selector, s->err);
	if (rc == 0 && n->is_rate)
		rc = take_window(s, &n->window_ms);
	return rc;
}
