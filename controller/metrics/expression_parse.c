/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "expression_tree.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "samples.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define WINDOW_MS 60000
#define WINDOW_MAX_MS 3600000
#define DEPTH_MAX 32
#define MATCHERS_MAX LABELS_MAX

struct parser {
	const char *text, *p;
	const char *stack, *tier;
	int depth;
	struct err *err;
};

static void node_free(struct node *n)
{
	if (!n)
		return;
	node_free(n->a);
	node_free(n->b);
	db_selector_free(n->selector);
	free(n);
}
DEFINE_CLEANUP(struct node *, node_free);

static int fail(struct parser *s, const char *what)
{
	return err_set(s->err, ERR_INVAL, "column %zu: %s", (size_t)(s->p - s->text) + 1,
		       what);
}

static void blanks(struct parser *s)
{
	while (isspace((unsigned char)*s->p))
		s->p++;
}

static bool take_char(struct parser *s, char c)
{
	blanks(s);
	if (*s->p != c)
		return false;
	s->p++;
	return true;
}

/* A name at the cursor; the caller frees it. NULL when there is none. */
static char *take_name(struct parser *s)
{
	const char *from;

	blanks(s);
	from = s->p;
	if (isdigit((unsigned char)*s->p))
		return NULL;
	while (isalnum((unsigned char)*s->p) || *s->p == '_' || *s->p == ':')
		s->p++;
	return s->p == from ? NULL : xstrndup(from, (size_t)(s->p - from));
}

/* A quoted text with \\ \" \n; in *ret, the caller's. */
static int take_string(struct parser *s, char **ret)
{
	CLEANUP(buf_done) struct buf b;
	char quote;

	buf_init(&b, LABELS_MAX_BYTES);
	blanks(s);
	quote = *s->p;
	if (quote != '"' && quote != '\'')
		return fail(s, "a quoted value is expected");
	for (s->p++; *s->p && *s->p != quote; s->p++) {
		if (*s->p == '\\' && s->p[1]) {
			s->p++;
			buf_putc(&b, *s->p == 'n' ? '\n' : *s->p);
		} else {
			buf_putc(&b, *s->p);
		}
	}
	if (*s->p != quote)
		return fail(s, "the quote is not closed");
	if (buf_is_full(&b))
		return fail(s, "the value is too long");
	s->p++;
	*ret = xstrdup(buf_str(&b));
	return 0;
}

/* ---------------------------------------------------------------- selectors */

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

	blanks(s);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (strncmp(s->p, ops[i].text, strlen(ops[i].text)) == 0) {
			s->p += strlen(ops[i].text);
			*ret = ops[i].op;
			return 0;
		}
	return fail(s, "one of = != =~ !~ is expected");
}

static int take_matcher(struct parser *s, struct matchers *m)
{
	enum db_match_op op = DB_MATCH_EQ;
	char *name, *value = NULL;
	int rc;

	if (m->n == MATCHERS_MAX)
		return fail(s, "there are too many labels");
	name = take_name(s);
	if (!name)
		return fail(s, "a label name is expected");
	m->text[m->n_text++] = name;
	if (!labels_name_ok(name))
		return fail(s, "this is no label name");
	if ((rc = take_op(s, &op)) != 0 || (rc = take_string(s, &value)) != 0)
		return rc;
	m->text[m->n_text++] = value;
	m->v[m->n++] = (struct db_matcher){ name, op, value };
	return 0;
}

static int take_matchers(struct parser *s, struct matchers *m)
{
	if (!take_char(s, '{'))
		return 0;
	while (!take_char(s, '}')) {
		int rc;

		if (m->n && !take_char(s, ','))
			return fail(s, "a comma or } is expected");
		if (m->n && take_char(s, '}'))
			return 0;
		rc = take_matcher(s, m);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The own stack, unless the selector says something of it. */
static void add_stack(struct parser *s, struct matchers *m)
{
	if (!*s->stack)
		return;
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i].label, "stack") == 0)
			return;
	m->v[m->n++] = (struct db_matcher){ "stack", DB_MATCH_EQ, s->stack };
}

static int take_window(struct parser *s, int64_t *ret)
{
	CLEANUP(free) char *text = NULL;
	const char *end;

	if (!take_char(s, '['))
		return 0;
	end = strchr(s->p, ']');
	if (!end)
		return fail(s, "] is expected");
	text = xstrndup(s->p, (size_t)(end - s->p));
	if (clock_parse_duration(text, ret, NULL) < 0 || *ret <= 0 ||
	    *ret > WINDOW_MAX_MS)
		return fail(s, "a duration up to 1h is expected");
	s->p = end + 1;
	return 0;
}

/* NAME{...} behind the name. */
static int take_selector(struct parser *s, const char *name, struct node *n)
{
	CLEANUP(matchers_done) struct matchers m = { .n = 0 };
	int rc = take_matchers(s, &m);

	if (rc < 0)
		return rc;
	add_stack(s, &m);
	rc = db_selector_new(name, m.v, m.n, &n->selector, s->err);
	if (rc == 0 && n->is_rate)
		rc = take_window(s, &n->window_ms);
	return rc;
}

/* ---------------------------------------------------------------- parts */

static int agg_of(const char *name)
{
	static const char *const names[] = { "sum", "avg", "min", "max", "count" };

	for (size_t i = 0; name && i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

/* What is between the parentheses of sum() and its kin. */
static int take_inner(struct parser *s, struct node *n)
{
	CLEANUP(free) char *name = take_name(s);
	CLEANUP(free) char *inner = NULL;
	int rc;

	if (!name)
		return fail(s, "a metric's name or rate( is expected");
	if (strcmp(name, "rate") != 0 || !take_char(s, '('))
		return take_selector(s, name, n);
	n->is_rate = true;
	n->window_ms = WINDOW_MS;
	inner = take_name(s);
	if (!inner)
		return fail(s, "a counter's name is expected");
	rc = take_selector(s, inner, n);
	if (rc == 0 && !take_char(s, ')'))
		rc = fail(s, ") is expected");
	return rc;
}

static int take_part(struct parser *s, struct node **ret)
{
	CLEANUP(node_free) struct node *n = xcalloc(1, sizeof(*n));
	CLEANUP(free) char *name = take_name(s);
	int agg = agg_of(name), rc;

	if (agg < 0)
		return fail(s, "sum(, avg(, min(, max(, count( or a number is expected");
	n->op = OP_PART;
	n->agg = (enum part_agg)agg;
	if (!take_char(s, '('))
		return fail(s, "( is expected");
	rc = take_inner(s, n);
	if (rc < 0)
		return rc;
	if (!take_char(s, ')'))
		return fail(s, ") is expected");
	*ret = TAKE(n);
	return 0;
}

/* ---------------------------------------------------------------- arithmetic */

static int take_sum(struct parser *s, struct node **ret);

static int take_number(struct parser *s, struct node **ret)
{
	char *end;
	double v = strtod(s->p, &end);

	if (end == s->p || !isfinite(v))
		return fail(s, "a number is expected");
	s->p = end;
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->op = OP_NUMBER;
	(*ret)->number = v;
	return 0;
}

static int take_factor(struct parser *s, struct node **ret)
{
	CLEANUP(node_free) struct node *n = NULL;
	int rc;

	blanks(s);
	if (isdigit((unsigned char)*s->p) || *s->p == '-' || *s->p == '.')
		return take_number(s, ret);
	if (!take_char(s, '('))
		return take_part(s, ret);
	if (++s->depth > DEPTH_MAX)
		return fail(s, "there are too many parentheses");
	rc = take_sum(s, &n);
	if (rc < 0)
		return rc;
	s->depth--;
	if (!take_char(s, ')'))
		return fail(s, ") is expected");
	*ret = TAKE(n);
	return 0;
}

static struct node *join(enum node_op op, struct node *a, struct node *b)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->op = op;
	n->a = a;
	n->b = b;
	return n;
}

typedef int take_fn(struct parser *s, struct node **ret);

/* next {op next}, from the left. */
static int take_chain(struct parser *s, take_fn *next, const char *signs,
		      const enum node_op *ops, struct node **ret)
{
	CLEANUP(node_free) struct node *left = NULL;
	int rc = next(s, &left);

	while (rc == 0) {
		struct node *right = NULL;
		const char *sign;

		blanks(s);
		sign = *s->p ? strchr(signs, *s->p) : NULL;
		if (!sign)
			break;
		s->p++;
		rc = next(s, &right);
		if (rc == 0)
			left = join(ops[sign - signs], left, right);
	}
	if (rc < 0)
		return rc;
	*ret = TAKE(left);
	return 0;
}

static int take_product(struct parser *s, struct node **ret)
{
	static const enum node_op ops[] = { OP_MUL, OP_DIV };

	return take_chain(s, take_factor, "*/", ops, ret);
}

static int take_sum(struct parser *s, struct node **ret)
{
	static const enum node_op ops[] = { OP_ADD, OP_SUB };

	return take_chain(s, take_product, "+-", ops, ret);
}

static bool has_part(const struct node *n)
{
	return n && (n->op == OP_PART || has_part(n->a) || has_part(n->b));
}

/* ---------------------------------------------------------------- prometheus() */

/* Matches NAME{stack=,tier=} of what was fetched. */
static int fetched_part(struct parser *s, struct node **ret)
{
	struct db_matcher m[] = { { "stack", DB_MATCH_EQ, s->stack },
				  { "tier", DB_MATCH_EQ, s->tier } };
	CLEANUP(node_free) struct node *n = xcalloc(1, sizeof(*n));
	int rc;

	n->op = OP_PART;
	n->agg = PART_SUM;
	rc = db_selector_new(METRICS_PROMETHEUS_SERIES, m, 2, &n->selector, s->err);
	if (rc < 0)
		return rc;
	*ret = TAKE(n);
	return 0;
}

static char *trimmed(const char *from, const char *end)
{
	while (from < end && isspace((unsigned char)*from))
		from++;
	while (end > from && isspace((unsigned char)end[-1]))
		end--;
	return xstrndup(from, (size_t)(end - from));
}

/* prometheus( was read. The query goes on to the last parenthesis of the text. */
static int take_prometheus(struct parser *s, struct metrics_expr *e)
{
	const char *comma = strchr(s->p, ','), *end = strrchr(s->p, ')');

	if (!*s->tier)
		return fail(s, "prometheus() can only be the demand of a tier");
	if (!comma || !end || end < comma)
		return fail(s, "prometheus(URL, QUERY) is expected");
	e->url = trimmed(s->p, comma);
	e->query = trimmed(comma + 1, end);
	if (strncmp(e->url, "http://", 7) != 0 && strncmp(e->url, "https://", 8) != 0)
		return fail(s, "a URL with http:// or https:// is expected");
	if (!*e->query)
		return fail(s, "the query is missing");
	s->p = end + 1;
	return fetched_part(s, &e->root);
}

static bool is_prometheus(struct parser *s)
{
	static const char word[] = "prometheus";
	const char *start = s->p;

	blanks(s);
	if (strncmp(s->p, word, sizeof(word) - 1) == 0) {
		s->p += sizeof(word) - 1;
		if (take_char(s, '('))
			return true;
	}
	s->p = start;
	return false;
}

/* ---------------------------------------------------------------- whole */

void metrics_expr_free(struct metrics_expr *e)
{
	if (!e)
		return;
	node_free(e->root);
	free(e->url);
	free(e->query);
	free(e);
}

bool metrics_expr_prometheus(const struct metrics_expr *e, const char **ret_url,
			     const char **ret_query)
{
	if (!e->url)
		return false;
	*ret_url = e->url;
	*ret_query = e->query;
	return true;
}

int metrics_expr_parse(const char *text, const char *stack, const char *tier,
		       struct metrics_expr **ret, struct err *err)
{
	CLEANUP(metrics_expr_free) struct metrics_expr *e = xcalloc(1, sizeof(*e));
	struct err why = { 0 };
	struct parser s = { .text = text, .p = text, .stack = stack, .tier = tier };
	int rc;

	s.err = err ? err : &why;
	rc = is_prometheus(&s) ? take_prometheus(&s, e) : take_sum(&s, &e->root);
	blanks(&s);
	if (rc == 0 && *s.p)
		rc = fail(&s, "this is more than an expression");
	if (rc == 0 && !has_part(e->root))
		rc = fail(&s, "there is no metric in it");
	if (rc < 0)
		return err_wrap(err, rc, "'%.100s'", text);
	*ret = TAKE(e);
	return 0;
}

int metrics_expr_follow(const char *text, const char *stack, const char *tier,
			char **known, struct metrics_expr **e, struct err *err)
{
	if (*known && strcmp(*known, text) == 0)
		return 0;
	metrics_expr_free(*e);
	*e = NULL;
	free(*known);
	*known = xstrdup(text);
	return *text ? metrics_expr_parse(text, stack, tier, e, err) : 0;
}
