/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "expression_parser.h"

#include "buf.h"
#include "check.h"
#include "clock.h"
#include "fnv.h"
#include "samples.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define WINDOW_MS 60000
#define DEPTH_MAX 32
#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

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
	CLEANUP(free) char *name = parser_take_name(s);
	CLEANUP(free) char *inner = NULL;
	int rc;

	if (!name)
		return parser_fail(s, "a metric's name or rate( is expected");
	if (strcmp(name, "rate") != 0 || !parser_take_char(s, '('))
		return parser_take_selector(s, name, n);
	n->is_rate = true;
	n->window_ms = WINDOW_MS;
	inner = parser_take_name(s);
	if (!inner)
		return parser_fail(s, "a counter's name is expected");
	rc = parser_take_selector(s, inner, n);
	if (rc == 0 && !parser_take_char(s, ')'))
		rc = parser_fail(s, ") is expected");
	return rc;
}

static int take_part(struct parser *s, struct node **ret)
{
	CLEANUP(node_free) struct node *n = xcalloc(1, sizeof(*n));
	CLEANUP(free) char *name = parser_take_name(s);
	int agg = agg_of(name), rc;
	const char *inner;

	if (agg < 0)
		return parser_fail(
			s, "sum(, avg(, min(, max(, count( or a number is expected");
	n->op = OP_PART;
	n->agg = (enum part_agg)agg;
	if (!parser_take_char(s, '('))
		return parser_fail(s, "( is expected");
	inner = s->p;
	rc = take_inner(s, n);
	if (rc < 0)
		return rc;
	n->text = xstrndup(inner, (size_t)(s->p - inner));
	if (!parser_take_char(s, ')'))
		return parser_fail(s, ") is expected");
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
		return parser_fail(s, "a number is expected");
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

	parser_skip_blanks(s);
	/* Whoever walks the tree calls himself as often as a chain is long. */
	if (++s->n_terms > METRICS_EXPR_MAX_TERMS)
		return parser_fail(s, "there are more than " TEXT_OF(
					      METRICS_EXPR_MAX_TERMS) " terms");
	if (isdigit((unsigned char)*s->p) || *s->p == '-' || *s->p == '.')
		return take_number(s, ret);
	if (!parser_take_char(s, '('))
		return take_part(s, ret);
	if (++s->depth > DEPTH_MAX)
		return parser_fail(s, "there are too many parentheses");
	rc = take_sum(s, &n);
	if (rc < 0)
		return rc;
	s->depth--;
	if (!parser_take_char(s, ')'))
		return parser_fail(s, ") is expected");
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

		parser_skip_blanks(s);
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

const char *metrics_query_mark(const char *url, const char *query,
			       char text[METRICS_QUERY_TEXT])
{
	const uint64_t h =
		fnv(fnv(FNV_START, url, strlen(url) + 1), query, strlen(query));

	snprintf(text, METRICS_QUERY_TEXT, "%016" PRIx64, h);
	return text;
}

/* Matches what was fetched of this query. */
static int fetched_part(struct parser *s, const struct metrics_expr *e, struct node **ret)
{
	char mark[METRICS_QUERY_TEXT];
	struct db_matcher m[] = {
		{ "stack", DB_MATCH_EQ, s->stack },
		{ "tier", DB_MATCH_EQ, s->tier },
		{ "query", DB_MATCH_EQ, metrics_query_mark(e->url, e->query, mark) },
	};
	CLEANUP(node_free) struct node *n = xcalloc(1, sizeof(*n));
	int rc;

	n->op = OP_PART;
	n->agg = PART_SUM;
	rc = db_selector_new(METRICS_PROMETHEUS_SERIES, m, ARRAY_SIZE(m), &n->selector,
			     s->err);
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

/* After prometheus(. The query extends to the last parenthesis of the text. */
static int take_prometheus(struct parser *s, struct metrics_expr *e)
{
	const char *comma = strchr(s->p, ','), *end = strrchr(s->p, ')');

	if (!*s->tier)
		return parser_fail(s, "prometheus() can only be the demand of a tier");
	if (!comma || !end || end < comma)
		return parser_fail(s, "prometheus(URL, QUERY) is expected");
	e->url = trimmed(s->p, comma);
	e->query = trimmed(comma + 1, end);
	if (strncmp(e->url, "http://", 7) != 0 && strncmp(e->url, "https://", 8) != 0)
		return parser_fail(s, "a URL with http:// or https:// is expected");
	if (!*e->query)
		return parser_fail(s, "the query is missing");
	s->p = end + 1;
	return fetched_part(s, e, &e->root);
}

static bool is_prometheus(struct parser *s)
{
	static const char word[] = "prometheus";
	const char *start = s->p;

	parser_skip_blanks(s);
	if (strncmp(s->p, word, sizeof(word) - 1) == 0) {
		s->p += sizeof(word) - 1;
		if (parser_take_char(s, '('))
			return true;
	}
	s->p = start;
	return false;
}

/* ---------------------------------------------------------------- all of it */

int metrics_expr_parse(const char *text, const char *stack, const char *tier,
		       struct metrics_expr **ret, struct err *err)
{
	CLEANUP(metrics_expr_free) struct metrics_expr *e = xcalloc(1, sizeof(*e));
	struct err why = { 0 };
	struct parser s = { .text = text, .p = text, .stack = stack, .tier = tier };
	int rc;

	e->cost_ms = -1;
	e->max_ms = METRICS_EXPR_MAX_MS;
	s.err = err ? err : &why;
	if (strlen(text) > METRICS_EXPR_MAX_BYTES)
		return err_set(err, ERR_LIMIT,
			       "'%.60s...': an expression of %zu bytes, at most %d are "
			       "allowed",
			       text, strlen(text), METRICS_EXPR_MAX_BYTES);
	rc = is_prometheus(&s) ? take_prometheus(&s, e) : take_sum(&s, &e->root);
	parser_skip_blanks(&s);
	if (rc == 0 && *s.p)
		rc = parser_fail(&s, "unexpected text after the expression");
	if (rc == 0 && !has_part(e->root))
		rc = parser_fail(&s, "the expression has no metric");
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
