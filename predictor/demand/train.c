/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train.c - trains a model on history, step by step.
 */
#include "check.h"
#include "forecast.h"
#include "learn.h"
#include "lookback.h"
#include "options.h"
#include "step.h"

#include <math.h>

static int history_check(const double *y, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!isnan(y[i]) && demand_check(y[i], err) != 0)
			return err_wrap(err, ERR_INVAL, "history: value %zu", i);
	return 0;
}

/* Notes the forecasts of the newest step in ret [n_leads * n]. */
static void note(struct demand_model *m, struct demand_point *ret, size_t n)
{
	for (size_t k = 0; k < m->opts.n_leads; k++) {
		struct demand_view v;

		if (demand_model_view(m, k, &v, NULL) == 0)
			ret[k * n] =
				(struct demand_point){ (float)v.mid, (float)v.sigma };
	}
}

int demand_model_train(struct demand_model *m, const double *y, size_t n, int64_t t0_ms,
		       struct demand_point *ret, struct err *err)
{
	return demand_model_train_behind(m, y, n, t0_ms, ret, NULL, 0, err);
}

int demand_model_train_behind(struct demand_model *m, const double *y, size_t n,
			      int64_t t0_ms, struct demand_point *ret,
			      const struct demand_front *fronts, size_t n_fronts,
			      struct err *err)
{
	const int rc = history_check(y, n, err);
	size_t first = 0;

	if (rc != 0)
		return rc;
	if (m->n > 0)
		return err_set(err, ERR_INVAL, "this model already has a history");
	while (first < n && isnan(y[first]))
		first++;
	for (size_t i = first; i < n; i++) {
		m->last_ms = t0_ms + (int64_t)i * m->opts.step_ms;
		model_step(m, isnan(y[i]) ? model_fill_value(m) : y[i], isnan(y[i]));
		if (ret)
			note(m, ret + i, n);
		for (size_t k = 0; k < n_fronts; k++)
			demand_follow_step(fronts[k].follow, m, fronts[k].y[i]);
	}
	for (size_t k = 0; m->n > 0 && k < m->opts.n_leads; k++) {
		struct lead *l = model_lead(m, k);

		lead_solve(l);
		lead_forecast(m, l, lead_origin(m, l, 0));
	}
	return 0;
}
