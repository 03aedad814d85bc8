/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "program.h"

#include "check.h"

#include <glpk.h>
#include <math.h>

/* A bound on the work that is the same on each machine, which a time would not be. */
#define NODES_MAX 500
#define PIVOTS_MAX 20000

static void count_node(glp_tree *tree, void *arg)
{
	int *left = arg;

	if (glp_ios_reason(tree) == GLP_ISELECT && --*left < 0)
		glp_ios_terminate(tree);
}

/* A row a kind, whose units all need a place. */
static void add_rows(glp_prob *lp, const struct packing_kind *kinds, size_t n_kinds)
{
	glp_add_rows(lp, (int)n_kinds);
	for (size_t k = 0; k < n_kinds; k++)
		glp_set_row_bnds(lp, (int)k + 1, GLP_LO, (double)kinds[k].n, 0);
}

/* A column a pattern: how many hosts are filled like it. */
static void add_columns(glp_prob *lp, const struct patterns *p,
			const struct packing_type *types, size_t n_kinds)
{
	glp_add_cols(lp, (int)p->n);
	for (size_t i = 0; i < p->n; i++) {
		const struct pattern *v = &p->v[i];
		int rows[PACKING_KINDS_MAX + 1], n = 0;
		double units[PACKING_KINDS_MAX + 1];

		for (size_t k = 0; k < n_kinds; k++)
			if (v->units[k] > 0) {
				rows[++n] = (int)k + 1;
				units[n] = (double)v->units[k];
			}
		glp_set_mat_col(lp, (int)i + 1, n, rows, units);
		glp_set_col_bnds(lp, (int)i + 1, GLP_LO, 0, 0);
		glp_set_col_kind(lp, (int)i + 1, GLP_IV);
		glp_set_obj_coef(lp, (int)i + 1, types[v->type].price);
	}
}

/* 0, or why it has no plan. */
static int solve(glp_prob *lp)
{
	int nodes = NODES_MAX;
	glp_smcp relaxed;
	glp_iocp whole;

	glp_init_smcp(&relaxed);
	relaxed.msg_lev = GLP_MSG_OFF;
	relaxed.it_lim = PIVOTS_MAX;
	if (glp_simplex(lp, &relaxed) != 0 || glp_get_status(lp) != GLP_OPT)
		return -1;
	glp_init_iocp(&whole);
	whole.msg_lev = GLP_MSG_OFF;
	whole.cb_func = count_node;
	whole.cb_info = &nodes;
	(void)glp_intopt(lp, &whole);
	return glp_mip_status(lp) == GLP_OPT || glp_mip_status(lp) == GLP_FEAS ? 0 : -1;
}

static void read_plan(glp_prob *lp, const struct patterns *p,
		      const struct packing_type *types, struct packing *ret)
{
	*ret = (struct packing){ .is_best = glp_mip_status(lp) == GLP_OPT };
	for (size_t i = 0; i < p->n; i++) {
		const double n = round(glp_mip_col_val(lp, (int)i + 1));

		ret->hosts[p->v[i].type] += n > 0 ? (size_t)n : 0;
	}
	for (size_t i = 0; i < PACKING_TYPES_MAX; i++)
		if (ret->hosts[i] > 0)
			ret->price += (double)ret->hosts[i] * types[i].price;
}

bool program_solve(const struct patterns *p, const struct packing_type *types,
		   const struct packing_kind *kinds, size_t n_kinds, struct packing *ret)
{
	glp_prob *lp = glp_create_prob();
	bool is_solved;

	glp_term_out(GLP_OFF);
	glp_set_obj_dir(lp, GLP_MIN);
	add_rows(lp, kinds, n_kinds);
	add_columns(lp, p, types, n_kinds);
	is_solved = solve(lp) == 0;
	if (is_solved)
		read_plan(lp, p, types, ret);
	glp_delete_prob(lp);
	/* What the library keeps for the thread. */
	glp_free_env();
	return is_solved;
}
