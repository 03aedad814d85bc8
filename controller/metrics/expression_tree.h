/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression_tree.h - a parsed demand expression.
 */
#ifndef CONTROLLER_METRICS_EXPRESSION_TREE_H
#define CONTROLLER_METRICS_EXPRESSION_TREE_H

#include "expression.h"

#include <stdbool.h>

enum node_op { OP_NUMBER, OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_PART };
enum part_agg { PART_SUM, PART_AVG, PART_MIN, PART_MAX, PART_COUNT };

/* One series of a part, as far as it is waited for. */
struct source {
	int64_t id;
	bool is_ours; /* from an agent: its host is, or was, one of ours */
	char *host, *unit;
	char *text; /* NAME{...} without the labels that all of a stack's have */
};

struct node {
	enum node_op op;
	double number;
	struct node *a, *b; /* operands of + - * / */
	enum part_agg agg;
	bool is_rate;
	int64_t window_ms;
	struct db_selector *selector;
	char *text;             /* of the selector, as written */
	char *stack, *tier;     /* that it names with =; NULL: none */
	int64_t unmatched_ms;   /* first seen without a series; 0: it was not */
	struct source *sources; /* of its series, in the selector's order */
	size_t n_sources;
	/* At the time that metrics_expr_missing() was asked about last: */
	bool is_missing;   /* some of it is */
	bool is_undecided; /* for the values that were not matched */
	bool is_over;      /* nothing of it reports, and nothing is waited for */
};

struct metrics_expr {
	struct node *root;
	char *url, *query;  /* prometheus() */
	int64_t max_ms;     /* of one evaluation: clock_cpu_ms() */
	int64_t cost_ms;    /* of the last one, with missing_ms; -1: none yet */
	int64_t missing_ms; /* of metrics_expr_missing() since */
};

/* What one evaluation has cost, and may. */
struct steps {
	size_t n;
	int64_t until_cpu_ms;
	bool is_over;
};
void steps_begin(struct steps *s, const struct metrics_expr *e);
/* Takes one; false: it has none left. */
bool steps_take(struct steps *s);
int steps_err(const struct metrics_expr *e, struct err *err); /* ERR_LIMIT */

/* expression_sources.c: the one of that series; ERR_STORE when it cannot be read now. */
int source_read(struct db *db, int64_t id, struct source *ret) MUST_CHECK;
void node_forget_sources(struct node *n);

void node_free(struct node *n);
DEFINE_CLEANUP(struct node *, node_free);

/* Aggregates the values of series one by one. */
struct part_value {
	enum part_agg agg;
	double value;
	size_t n;
};
void part_add(struct part_value *p, double v);
double part_result(const struct part_value *p); /* NaN when there was none */
double node_join(enum node_op op, double a, double b);

#endif
