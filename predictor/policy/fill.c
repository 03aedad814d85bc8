/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fill.h"

#include "check.h"
#include "simulation.h"
#include "steer.h"
#include "tuning.h"

#include <math.h>

/* What going from the present number to n is worth at each moment. */
static double gain_of(const struct policy_settings *s, const struct demand_view *v,
		      double price, int64_t from, int64_t n)
{
	const double over = demand_view_over(v, (double)from * s->capacity) -
			    demand_view_over(v, (double)n * s->capacity);

	return price * over - (double)(n - from);
}

/* Fills in the instances that the forecast calls for. Returns the demand that they were
 * chosen to serve, which is less than what they can. */
static double fill_need(const struct policy_settings *s, double price,
			const struct demand_view *v, struct decide_input *in)
{
	double over;
	const double n = (double)demand_view_instances(v, s->capacity, price, &over);
	const double upper = demand_view_quantile(v, 1 - over);

	in->forecast_need = (int64_t)fmax(ceil(fmin(upper / s->capacity, n) - 1e-9), 1);
	in->need_level = 1 - over;
	return upper;
}

double fill_views(const struct policy *p, const struct policy_settings *s, double price,
		  const struct demand_view *near, const struct demand_view *far,
		  struct decide_input *in)
{
	const double upper = fill_need(s, price, near, in);
	const double mid = demand_view_quantile(near, 0.5);
	const double margin = AGAIN_MARGIN * fmax(upper - mid, 0);
	const int64_t from = decide_counted(in), n = in->forecast_need;

	in->forecast_mid = mid;
	in->forecast_high = demand_view_quantile(near, FORECAST_LEVEL);
	in->forecast_level = FORECAST_LEVEL;
	in->out_gain = from < n ? gain_of(s, near, price, from, n) : 0;
	in->again_near = mid + margin;
	in->again_far = demand_view_quantile(far, 0.5) + margin;
	in->outlook_ms =
		(int64_t)policy_steps_of(POLICY_OUTLOOK_MS, p->step_ms) * p->step_ms;
	return upper;
}

/* Demand is that many times as large. */
static struct demand_view times(const struct demand_view *v, double by)
{
	struct demand_view ret = *v;

	ret.mid *= by;
	ret.sigma *= by;
	ret.most *= by;
	return ret;
}

/*
 * What comes multiplies demand, which the model knows without events; the need is found
 * anew, as that of so much demand.
 *   upper  of the demand without events, as of fill_views()
 */
static void add_events(const struct policy_settings *s, double price,
		       const struct demand_view *near, const struct policy_events *e,
		       double upper, struct decide_input *in)
{
	const double level = fmin(in->need_level, UPLIFT_LEVEL);
	const double more = uplift_quantile(&e->near, in->forecast_mid, upper, level);
	const struct demand_view with = times(near, upper > 0 ? more / upper : 1);

	(void)fill_need(s, price, &with, in);
	in->forecast_high = uplift_quantile(&e->near, in->forecast_mid, in->forecast_high,
					    in->forecast_level);
	in->forecast_mid *= e->near.mid;
	in->again_near *= e->near.mid;
	in->again_far = fmax(in->again_far * e->far.mid, in->again_near);
	in->out_gain = NAN;
}

static bool are_without_effect(const struct policy_events *e)
{
	return !e ||
	       (e->near.n == 0 && e->far.n == 0 && e->near.mid == 1 && e->far.mid == 1);
}

/* Of a demand a part of which is missing the rest is not learned from, and yet there. */
static double sure_of(const struct policy *p, const struct decide_input *in)
{
	return in->missing && in->demand >= 0 ? policy_sure(in->demand, p->sigma)
					      : p->sure;
}

void policy_fill_from(struct policy *p, const struct policy_settings *s,
		      const struct demand_view *views, const struct policy_events *events,
		      struct decide_input *in, double *ret_level)
{
	const double price = exp(p->log_price);

	in->demand_sure = sure_of(p, in);
	in->forecast_mid = in->forecast_high = in->out_gain = NAN;
	in->again_near = in->again_far = NAN;
	if (views) {
		struct demand_view near = views[POLICY_NEAR];
		double upper;

		if (!in->missing) {
			p->mid = near.mid;
			p->sigma = near.sigma;
		}
		if (p->fall_left > 0) {
			near.mid = fmin(near.mid, p->fall_mid);
			near.sigma = fmin(near.sigma, p->fall_sigma);
		}
		upper = fill_views(p, s, price, &near, &views[POLICY_FAR], in);
		if (!are_without_effect(events))
			add_events(s, price, &near, events, upper, in);
	}
	if (ret_level)
		*ret_level = views ? in->need_level : NAN;
}

bool policy_views(struct policy *p, const struct policy_settings *s,
		  const struct demand_model *m, struct demand_view *ret)
{
	struct demand_source from;

	veto_note(&p->veto, m, POLICY_NEAR, s->capacity);
	for (size_t k = 0; k < POLICY_LEADS; k++) {
		demand_model_source(m, k, &from);
		if (demand_model_view_at(m, k, veto_allows(&p->veto, from.fallback_level),
					 &ret[k], NULL) < 0)
			return false;
	}
	return true;
}

void policy_fill(struct policy *p, const struct policy_settings *s,
		 const struct demand_model *m, const struct policy_events *events,
		 struct decide_input *in, double *ret_level)
{
	struct demand_view views[POLICY_LEADS];
	const bool are_known = policy_views(p, s, m, views);

	policy_fill_from(p, s, are_known ? views : NULL, events, in, ret_level);
}

void policy_input(const struct policy *p, const struct policy_settings *s, int64_t now_ms,
		  double demand, int64_t running, int64_t starting,
		  struct decide_input *ret)
{
	*ret = (struct decide_input){
		.stack = "",
		.tier = "",
		.now_ms = now_ms,
		.mode = s->mode,
		.min = s->min,
		.max = s->max,
		.capacity = s->capacity,
		.risk = s->risk,
		.price = s->price,
		.step_out_max = s->step_out_max,
		.step_in_max = s->step_in_max,
		.dwell_ms = s->dwell_ms,
		.action_price = s->action_price,
		.stateful = s->stateful,
		.lead_ms = s->lead_ms,
		.running = running,
		.starting = starting,
		.desired = running + starting,
		.demand = demand,
		.demand_sure = demand,
		.demand_at_ms = now_ms,
		.stale_after_ms = 3 * p->step_ms,
		.ending = -1,
		.forecast_at_ms = now_ms,
		.floor = -1,
		.ceiling = -1,
		.budget = -1,
	};
}

void policy_fleet_input(const struct policy *p, const struct policy_settings *s,
			const struct policy_bounds *b, int64_t now_ms,
			const struct fleet_now *now, struct decide_input *ret)
{
	policy_input(p, s, now_ms, now->demand, (int64_t)now->running,
		     (int64_t)now->booting, ret);
	ret->overdue = (int64_t)now->overdue;
	ret->ending = now->ending;
	if (!b)
		return;
	ret->floor = b->floor;
	ret->ceiling = b->ceiling;
	ret->budget = b->budget;
}
