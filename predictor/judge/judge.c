/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge.h"

#include "check.h"
#include "coverage.h"
#include "horizon.h"
#include "peers.h"
#include "simulate.h"

#include <math.h>
#include <string.h>

static const double risks[JUDGE_RISKS] = { 0.001, 0.002, 0.005, 0.01, 0.02, 0.05 };

const char *judge_policy_name(enum judge_policy p)
{
	static const char *const names[] = { "foretide", "seasonal", "reactive (HPA)",
					     "static peak", "clairvoyant" };

	return names[p];
}

static int run_frontier(struct past *p, struct judge_report *r, struct err *err)
{
	struct demand_opts o = *p->opts;

	o.n_leads = 1;
	o.price = 0;
	for (size_t k = 0; k < JUDGE_RISKS; k++) {
		struct fleet_run run = { 0 };
		int rc;

		o.risk = risks[k];
		rc = simulate_model(p, &o, NULL, &run, err);
		free(run.running);
		if (rc != 0)
			return rc;
		r->frontier[k] = (struct judge_point){
			risks[k],
			run.instance_steps / r->row[JUDGE_ORACLE].run.instance_steps,
			run.short_share,
		};
	}
	return 0;
}

static int simulate_all(struct past *p, struct judge_report *r, struct err *err)
{
	static fleet_want_fn *const wants[] = { [JUDGE_SEASONAL] = peer_seasonal,
						[JUDGE_REACTIVE] = peer_reactive,
						[JUDGE_STATIC] = peer_static };
	const double hours = (double)p->opts->step_ms / 3600000.0;
	int rc;

	fleet_oracle(p->y + p->from, p->n, past_running(p, p->from),
		     p->opts->lead_steps[0], p->opts->capacity,
		     &r->row[JUDGE_ORACLE].run);
	rc = judge_coverage(p, r, err);
	if (rc != 0)
		return rc;
	for (int k = JUDGE_SEASONAL; k <= JUDGE_STATIC; k++) {
		if (k != JUDGE_STATIC)
			r->row[k].headroom = tune_peer(p, wants[k]);
		simulate_peer(p, wants[k], r->row[k].headroom, p->from, p->n,
			      &r->row[k].run);
	}
	for (int k = 0; k < JUDGE_POLICIES; k++) {
		r->row[k].instance_hours = r->row[k].run.instance_steps * hours;
		r->row[k].cost = r->row[k].run.instance_steps /
				 r->row[JUDGE_ORACLE].run.instance_steps;
	}
	return run_frontier(p, r, err);
}

static int check(const double *y, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!isnan(y[i]) && !(y[i] >= 0 && isfinite(y[i])))
			return err_set(err, ERR_INVAL,
				       "value %zu, %g, is not a number from 0 up", i,
				       y[i]);
	return 0;
}

static size_t steps_of_day(int64_t step_ms)
{
	return (size_t)MAX(86400000 / step_ms, (int64_t)1);
}

size_t judge_from(size_t n, int64_t step_ms, size_t play)
{
	return n - MIN(n, play ? play : MIN(14 * steps_of_day(step_ms), n / 2));
}

/* ret_plain [from + n]: y without events; ret_ahead [n]: what comes within the lead time
 * after each step. */
static void divide(const struct past *p, const struct uplift_event *e, size_t n_events,
		   double *ret_plain, struct uplift *ret_ahead)
{
	const int64_t step_ms = p->opts->step_ms;
	const int64_t reach_ms = (int64_t)(p->opts->lead_steps[0] + 1) * step_ms;

	uplift_factors(e, n_events, p->t0_ms, step_ms, ret_plain, p->from + p->n);
	for (size_t i = 0; i < p->from + p->n; i++)
		ret_plain[i] = p->y[i] / ret_plain[i];
	for (size_t i = 0; i < p->n; i++) {
		const int64_t end_ms = p->t0_ms + (int64_t)(p->from + i + 1) * step_ms;

		ret_ahead[i] = uplift_within(e, n_events, end_ms, end_ms + reach_ms);
	}
}

int judge_backtest(const double *y, size_t n, int64_t t0_ms,
		   const struct demand_opts *opts, size_t play,
		   judge_progress_fn *progress, void *arg, struct judge_report **ret,
		   struct err *err)
{
	return judge_backtest_events(y, n, t0_ms, opts, play, NULL, 0, progress, arg, ret,
				     err);
}

int judge_backtest_events(const double *y, size_t n, int64_t t0_ms,
			  const struct demand_opts *opts, size_t play,
			  const struct uplift_event *events, size_t n_events,
			  judge_progress_fn *progress, void *arg,
			  struct judge_report **ret, struct err *err)
{
	CLEANUP(demand_model_free) struct demand_model *checks_options = NULL;
	int rc = demand_model_new(opts, &checks_options, err);

	if (rc != 0)
		return rc;

	const size_t day = steps_of_day(opts->step_ms);
	const size_t from = judge_from(n, opts->step_ms, play), take = n - from;

	if (take < 20 || from < 20)
		return err_set(err, ERR_INVAL,
			       "%zu values are too few for a backtest of %zu after as "
			       "much history",
			       n, MAX(take, (size_t)20));

	CLEANUP(judge_report_free) struct judge_report *r = xcalloc(1, sizeof(*r));
	CLEANUP(free) double *filled = xcalloc(n, sizeof(*filled));

	rc = check(y, n, err);
	if (rc != 0)
		return rc;
	if (!gaps_fill(filled, y, n))
		return err_set(err, ERR_INVAL, "there is no value to backtest");

	struct past p = { .y = filled,
			  .plain = filled,
			  .from = from,
			  .n = take,
			  .t0_ms = t0_ms,
			  .opts = opts,
			  .day = day,
			  .progress = progress,
			  .arg = arg };

	CLEANUP(free) double *plain = xcalloc(n_events ? n : 1, sizeof(*plain));
	CLEANUP(free) struct uplift *ahead = xcalloc(n_events ? take : 1, sizeof(*ahead));

	if (n_events) {
		divide(&p, events, n_events, plain, ahead);
		p.plain = plain;
		p.ahead = ahead;
	}
	p.work = 4.0 * (double)(JUDGE_RISKS + judge_leads(opts).n_leads) * (double)n +
		 13.0 * (double)MIN(n, 14 * day);
	r->from = p.from;
	r->n = take;
	r->demand = xcalloc(take, sizeof(double));
	memcpy(r->demand, filled + p.from, take * sizeof(double));
	rc = simulate_all(&p, r, err);
	if (rc != 0)
		return rc;
	if (progress)
		progress(arg, 1);
	*ret = TAKE(r);
	return 0;
}

void judge_report_free(struct judge_report *r)
{
	if (!r)
		return;
	for (size_t k = 0; k < JUDGE_POLICIES; k++)
		free(r->row[k].run.running);
	free(r->demand);
	free(r);
}
