/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train.c - trains a model on history, step by step.
 */
#include "check.h"
#include "decision.h"
#include "learn.h"
#include "lookback.h"
#include "options.h"
#include "price_control.h"
#include "step.h"

#include <math.h>

static int history_check(const double *y, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!isnan(y[i]) && demand_check(y[i], err) != 0)
			return err_wrap(err, ERR_INVAL, "history: value %zu", i);
	return 0;
}

/* One step of the history; its forecasts into r [n_leads * n]. */
static void replay(struct demand_model *m, double y, struct price_step *r, size_t n)
{
	model_step(m, isnan(y) ? model_fill_value(m) : y, isnan(y));
	for (size_t k = 0; k < m->opts.n_leads; k++) {
		const struct lead *l = model_lead(m, k);
		const struct origin *o = lead_newest(m, l);

		r[k * n] = (struct price_step){ o->base + o->centre[l->fallback_level],
						o->sigma[l->fallback_level] };
	}
}

int demand_model_train(struct demand_model *m, const double *y, size_t n, int64_t t0_ms,
		       struct err *err)
{
	const int rc = history_check(y, n, err);

	if (rc != 0)
		return rc;
	if (m->n > 0)
		return err_set(err, ERR_INVAL, "this model already has a history");
	while (n > 0 && isnan(y[0])) {
		y++;
		n--;
		t0_ms += m->opts.step_ms;
	}
	if (n == 0)
		return 0;

	CLEANUP(free) struct price_step *r = xcalloc(m->opts.n_leads * n, sizeof(*r));
	const size_t week = (size_t)(REPLAY_DAYS * 86400000LL / m->opts.step_ms);
	const size_t tail = MIN(week, n * 2 / 3);

	for (size_t i = 0; i < n; i++) {
		m->last_ms = t0_ms + (int64_t)i * m->opts.step_ms;
		replay(m, y[i], r + i, n);
	}
	for (size_t k = 0; k < m->opts.n_leads; k++) {
		struct lead *l = model_lead(m, k);

		lead_solve(l);
		if (m->opts.price == 0 && tail > 60 + l->window)
			price_calibrate(m, l, r + (k + 1) * n - tail, y + n - tail, tail);
		lead_decide(m, l);
	}
	return 0;
}
