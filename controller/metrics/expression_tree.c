/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "expression_tree.h"

#include "check.h"
#include "clock.h"
#include "samples.h"

#include <math.h>
#include <stdlib.h>

#define TIMES_EVERY 256u /* steps between two looks at the clock */

void steps_begin(struct steps *s, const struct metrics_expr *e)
{
	*s = (struct steps){ .until_cpu_ms = clock_cpu_ms() + e->max_ms };
}

bool steps_take(struct steps *s)
{
	if (!s->is_over)
		s->is_over =
			++s->n > METRICS_EXPR_MAX_STEPS ||
			(s->n % TIMES_EVERY == 0 && clock_cpu_ms() > s->until_cpu_ms);
	return !s->is_over;
}

int steps_err(const struct metrics_expr *e, struct err *err)
{
	return err_set(
		err, ERR_LIMIT,
		"evaluating it takes more than %d looks at a series, or %lld ms; match "
		"fewer series, or use fewer terms",
		METRICS_EXPR_MAX_STEPS, (long long)e->max_ms);
}

void node_free(struct node *n)
{
	if (!n)
		return;
	node_free(n->a);
	node_free(n->b);
	db_selector_free(n->selector);
	node_forget_sources(n);
	free(n->text);
	free(n->stack);
	free(n->tier);
	free(n);
}

void metrics_expr_free(struct metrics_expr *e)
{
	if (!e)
		return;
	node_free(e->root);
	free(e->url);
	free(e->query);
	free(e);
}

void metrics_expr_limit(struct metrics_expr *e, int64_t max_ms)
{
	e->max_ms = max_ms;
}

int64_t metrics_expr_cost_ms(const struct metrics_expr *e)
{
	return e->cost_ms;
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

void part_add(struct part_value *p, double v)
{
	bool first = p->n++ == 0;

	switch (p->agg) {
	case PART_SUM:
	case PART_AVG:
		p->value += v;
		break;
	case PART_MIN:
		p->value = first ? v : fmin(p->value, v);
		break;
	case PART_MAX:
		p->value = first ? v : fmax(p->value, v);
		break;
	case PART_COUNT:
		p->value++;
		break;
	}
}

double part_result(const struct part_value *p)
{
	if (p->n == 0)
		return NAN;
	return p->agg == PART_AVG ? p->value / (double)p->n : p->value;
}

double node_join(enum node_op op, double a, double b)
{
	double v = NAN;

	switch (op) {
	case OP_ADD:
		v = a + b;
		break;
	case OP_SUB:
		v = a - b;
		break;
	case OP_MUL:
		v = a * b;
		break;
	case OP_DIV:
		v = a / b;
		break;
	case OP_NUMBER:
	case OP_PART:
		break;
	}
	return isfinite(v) ? v : NAN;
}
