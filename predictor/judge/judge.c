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
static const int64_t dwells_ms[JUDGE_DWELLS] = { 60000, POLICY_DWELL_MS, 600000, 1800000,
						 3600000 };
enum { SETTINGS = 1 + JUDGE_RISKS + JUDGE_DWELLS };

const char *judge_policy_name(enum judge_policy p)
{
	static const char *const names[] = { "foretide", "seasonal", "reactive (HPA)",
					     "static peak", "clairvoyant" };

	return names[p];
}

/* The settings that are simulated: the tier's, other risks, other dwells. */
static void list_settings(const struct policy_settings *own,
			  struct policy_settings ret[SETTINGS])
{
	for (size_t k = 0; k < SETTINGS; k++)
		ret[k] = *own;
	for (size_t k = 0; k < JUDGE_RISKS; k++) {
		ret[1 + k].price = 0;
		ret[1 + k].risk = risks[k];
	}
	for (size_t k = 0; k < JUDGE_DWELLS; k++)
		ret[1 + JUDGE_RISKS + k].dwell_ms = dwells_ms[k];
}

static void fill_point(const struct policy_settings *s, struct fleet_run *run,
		       double optimum, struct judge_point *ret)
{
	free(run->running);
	*ret = (struct judge_point){ s->risk, s->dwell_ms, run->instance_steps / optimum,
				     run->short_share, run->actions };
}

static int simulate_ours(struct past *p, struct judge_report *r, struct err *err)
{
	struct policy_settings s[SETTINGS];
	struct fleet_run run[SETTINGS];
	const double optimum = r->row[JUDGE_ORACLE].run.instance_steps;
	const struct demand_opts o = judge_leads(p);
	const size_t bands = o.n_leads * DEMAND_BANDS;
	CLEANUP(free) double *predicted = xcalloc(p->n * bands, sizeof(double));
	int rc;

	list_settings(&p->q->settings, s);
	rc = simulate_policies(p, &o, s, SETTINGS, predicted, run, err);
	if (rc != 0)
		return rc;
	r->row[JUDGE_OURS].run = run[0];
	for (size_t k = 0; k < JUDGE_RISKS; k++)
		fill_point(&s[1 + k], &run[1 + k], optimum, &r->risk[k]);
	for (size_t k = 0; k < JUDGE_DWELLS; k++)
		fill_point(&s[1 + JUDGE_RISKS + k], &run[1 + JUDGE_RISKS + k], optimum,
			   &r->dwell[k]);
	judge_coverage(p, &o, predicted, r);
	return 0;
}

/* The oracle within the bounds, or without the lower ones. */
static void run_oracle(const struct past *p, bool has_floors, struct fleet_run *ret)
{
	CLEANUP(free) size_t *need = xcalloc(p->n, sizeof(*need));
	double unserved = 0, total = 0;
	size_t is_short = 0;

	for (size_t i = 0; i < p->n; i++) {
		const size_t at = p->from + i, own = past_need(p, at);
		const double served = past_capacity(p, at) * (1 + 1e-9);

		need[i] = past_within(p, at, own);
		if (!has_floors)
			need[i] = MIN(need[i], own);
		is_short += need[i] < own;
		unserved += fmax(p->y[at] - (double)need[i] * served, 0);
		total += p->y[at];
	}
	fleet_oracle(&p->terms, need, p->n, past_running(p, p->from), ret);
	ret->short_share = (double)is_short / (double)p->n;
	ret->unserved_share = total > 0 ? unserved / total : 0;
}

static void run_oracles(const struct past *p, struct judge_report *r)
{
	struct fleet_run *own = &r->row[JUDGE_ORACLE].run, without;

	run_oracle(p, true, own);
	run_oracle(p, false, &without);
	r->floor_cost = own->instance_steps / without.instance_steps;
	free(without.running);
}

/* The lowest bound in force in step i, if it is below the need. */
static bool is_kept_short(const struct past *p, size_t i, enum judge_bound *ret)
{
	const struct policy_bounds *b = past_bounds(p, i);
	const int64_t need = (int64_t)past_need(p, i);
	const int64_t most[JUDGE_BOUNDS] = { [JUDGE_MAX] = p->q->settings.max,
					     [JUDGE_CEILING] = b ? b->ceiling : -1,
					     [JUDGE_ROOM] = b ? b->budget : -1 };
	int64_t lowest = need;

	for (int k = 0; k < JUDGE_BOUNDS; k++)
		if (most[k] >= 0 && most[k] < lowest) {
			lowest = most[k];
			*ret = (enum judge_bound)k;
		}
	return past_is_kept_short(p, i);
}

static void note_bounds(const struct past *p, struct judge_report *r)
{
	for (size_t i = p->from; i < p->from + p->n; i++) {
		enum judge_bound by = JUDGE_MAX;

		r->most_needed = MAX(r->most_needed, past_need(p, i));
		if (is_kept_short(p, i, &by))
			r->bound_short[by] += 1 / (double)p->n;
	}
}

static int simulate_all(struct past *p, struct judge_report *r, struct err *err)
{
	static fleet_want_fn *const wants[] = { [JUDGE_SEASONAL] = peer_seasonal,
						[JUDGE_REACTIVE] = peer_reactive,
						[JUDGE_STATIC] = peer_static };
	const double hours = (double)p->q->step_ms / 3600000.0;
	int rc;

	note_bounds(p, r);
	run_oracles(p, r);
	rc = simulate_ours(p, r, err);
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
	return 0;
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

/* ret_plain [from + n]: y without events; ret [n]: what comes after each step, within the
 * lead time, and within lead time and outlook. */
static void divide(const struct past *p, double *ret_plain, struct policy_events *ret)
{
	const struct judge_question *q = p->q;
	const int64_t near_ms = (int64_t)(p->terms.lead + 1) * q->step_ms;
	const struct uplift_event *e = q->events;

	uplift_factors(e, q->n_events, q->t0_ms, q->step_ms, ret_plain, p->from + p->n);
	for (size_t i = 0; i < p->from + p->n; i++)
		ret_plain[i] = p->y[i] / ret_plain[i];
	for (size_t i = 0; i < p->n; i++) {
		const int64_t end_ms = q->t0_ms + (int64_t)(p->from + i + 1) * q->step_ms;

		ret[i].near = uplift_within(e, q->n_events, end_ms, end_ms + near_ms);
		ret[i].far = uplift_within(e, q->n_events, end_ms,
					   end_ms + near_ms + POLICY_OUTLOOK_MS);
	}
}

static int check_question(const struct judge_question *q, size_t from, struct err *err)
{
	CLEANUP(demand_model_free) struct demand_model *checks_options = NULL;
	const struct demand_opts o = policy_model_opts(q->step_ms, q->settings.lead_ms);
	int rc = demand_model_new(&o, &checks_options, err);

	if (rc == 0)
		rc = policy_settings_check(&q->settings, err);
	if (rc == 0 && o.lead_steps[POLICY_NEAR] > POLICY_LEAD_MAX)
		return err_set(err, ERR_INVAL, "lead time: %zu steps are more than %d",
			       o.lead_steps[POLICY_NEAR], POLICY_LEAD_MAX);
	if (rc == 0 && (q->n - from < 20 || from < 20))
		return err_set(err, ERR_INVAL,
			       "%zu values are too few for a backtest of %zu after as "
			       "much history",
			       q->n, MAX(q->n - from, (size_t)20));
	return rc == 0 ? check(q->y, q->n, err) : rc;
}

static struct fleet_terms terms_of(const struct judge_question *q)
{
	return (struct fleet_terms){
		.capacity = q->settings.capacity,
		.lead = policy_model_opts(q->step_ms, q->settings.lead_ms)
				.lead_steps[POLICY_NEAR],
		.paid = policy_paid_terms(&q->settings, q->step_ms),
		.boots = q->boots,
		.n_boots = q->n_boots,
		.overdue = (size_t)((q->overdue_ms + q->step_ms - 1) / q->step_ms),
	};
}

int judge_backtest(const struct judge_question *q, struct judge_report **ret,
		   struct err *err)
{
	const size_t from = judge_from(q->n, MAX(q->step_ms, INT64_C(1)), q->play);
	int rc = check_question(q, from, err);

	if (rc != 0)
		return rc;

	const size_t take = q->n - from;
	CLEANUP(judge_report_free) struct judge_report *r = xcalloc(1, sizeof(*r));
	CLEANUP(free) double *filled = xcalloc(q->n, sizeof(*filled));

	if (!gaps_fill(filled, q->y, q->n))
		return err_set(err, ERR_INVAL, "there is no value to backtest");

	struct past p = { .q = q,
			  .y = filled,
			  .plain = filled,
			  .from = from,
			  .n = take,
			  .terms = terms_of(q),
			  .day = steps_of_day(q->step_ms) };
	CLEANUP(free) double *plain = xcalloc(q->n_events ? q->n : 1, sizeof(*plain));
	CLEANUP(free)
	struct policy_events *ahead = xcalloc(q->n_events ? take : 1, sizeof(*ahead));

	if (q->n_events) {
		divide(&p, plain, ahead);
		p.plain = plain;
		p.events = ahead;
	}
	p.work = SETTINGS * (5.0 * (double)MIN(from, 14 * p.day) + (double)take) +
		 13.0 * (double)MIN(q->n, 14 * p.day);
	r->from = from;
	r->n = take;
	r->demand = xcalloc(take, sizeof(double));
	memcpy(r->demand, filled + from, take * sizeof(double));
	rc = simulate_all(&p, r, err);
	if (rc != 0)
		return rc;
	if (q->progress)
		q->progress(q->arg, 1);
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
