/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy.h"

#include "check.h"
#include "steer.h"
#include "tuning.h"

#include <math.h>
#include <stdlib.h>

#define BILLING_MAX_MS 2.7e9 /* a month */
#define MISSED_MAX 60        /* steps of a gap that are taken into account */

static int in_range(const char *what, double x, double lo, double hi, struct err *err)
{
	if (x >= lo && x <= hi)
		return 0;
	return err_set(err, ERR_INVAL, "%s: %g is not between %g and %g", what, x, lo,
		       hi);
}

int policy_settings_check(const struct policy_settings *s, struct err *err)
{
	int rc;

	if (!(s->capacity > 0 && isfinite(s->capacity)))
		return err_set(err, ERR_INVAL, "capacity: %g is not above 0",
			       s->capacity);
	if (s->min < 0 || (s->max >= 0 && s->max < s->min))
		return err_set(err, ERR_INVAL, "min and max are not 0 <= min <= max");
	if ((rc = in_range("risk", s->risk, 1e-5, 0.5, err)) != 0 ||
	    (rc = in_range("price", s->price, 0, 1e9, err)) != 0 ||
	    (rc = in_range("action price", s->action_price, 0, 1e6, err)) != 0 ||
	    (rc = in_range("billing", (double)s->billing_ms, 0, BILLING_MAX_MS, err)) !=
		    0 ||
	    (rc = in_range("billing_min", (double)s->billing_min_ms, 0, BILLING_MAX_MS,
			   err)) != 0 ||
	    (rc = in_range("step_out", (double)s->step_out_max, 0, 1e6, err)) != 0)
		return rc;
	return in_range("step_in", (double)s->step_in_max, 0, 1e6, err);
}

struct paid_terms policy_paid_terms(const struct policy_settings *s, int64_t step_ms)
{
	return (struct paid_terms){
		.unit = MAX((int64_t)policy_steps_of(s->billing_ms, step_ms), INT64_C(1)),
		.least = (int64_t)policy_steps_of(s->billing_min_ms, step_ms),
	};
}

struct demand_opts policy_model_opts(int64_t step_ms, int64_t lead_ms)
{
	const size_t near = policy_steps_of(lead_ms, step_ms);

	return (struct demand_opts){
		.step_ms = step_ms,
		.n_leads = POLICY_LEADS,
		.lead_steps = { [POLICY_NEAR] = near,
				[POLICY_FAR] = near + policy_steps_of(POLICY_OUTLOOK_MS,
								      step_ms) },
	};
}

/* A short step costs price * 60 times the instance-hours of one instance in it. */
static double start_price(const struct policy_settings *s)
{
	return log(s->price > 0 ? 60 * s->price : 1.0 / s->risk);
}

void policy_init(struct policy *p, const struct demand_opts *model,
		 const struct policy_settings *s)
{
	*p = (struct policy){
		.step_ms = model->step_ms,
		.lead_steps = model->lead_steps[POLICY_NEAR],
		.log_price = fmax(start_price(s), 0),
		.served = -1,
		.latest = NAN,
	};
}

double policy_sure(double demand, double sigma)
{
	return fmax(demand - NOISE_SIGMAS * sigma, 0);
}

double policy_aim(const struct policy *p, const struct policy_settings *s)
{
	const double part = fmin(1 - STEER_RUN * (double)(p->lead_steps + 1), STEER_AIM);

	return fmax(part - STEER_SPREAD * s->lead_spread, 0.5) * s->risk;
}

static double days(const struct policy *p, double n)
{
	return n * 86400000.0 / (double)p->step_ms;
}

/* Is the step's demand within what is allowed to be served? */
static bool is_servable(const struct policy_settings *s, const struct policy_bounds *b,
			double demand)
{
	int64_t least, most;

	policy_allowed(s, b, &least, &most);
	return most < 0 || demand <= (double)most * s->capacity * (1 + 1e-9);
}

/* A fleet that does not change, or not by demand, says nothing about the price that would
 * spend the promise: it is not lowered then. */
static double lowest_price(const struct policy *p, bool is_bound)
{
	if (is_bound)
		return p->log_price;
	return (double)p->steady > days(p, STEADY_DAYS) ? p->steady_price : 0;
}

static void steer(struct policy *p, const struct policy_settings *s, bool is_short,
		  bool is_bound)
{
	const double aim = policy_aim(p, s);
	const double boost = STEER_BOOST * exp(-(double)p->steered / days(p, STEER_DAYS));
	const double by = STEER_GAIN * (1 + boost) * ((double)is_short - aim) / aim;

	p->steered++;
	if ((double)p->steady <= days(p, STEADY_DAYS))
		p->steady_price = p->log_price;
	p->log_price =
		fmin(fmax(p->log_price + by, lowest_price(p, is_bound)), PRICE_MAX);
}

void policy_note_change(struct policy *p, double change)
{
	if (isnan(change))
		return;
	p->changes++;
	p->change += (change - p->change) / fmin((double)p->changes, days(p, 1));
}

static void begin_fall(struct policy *p, double by)
{
	const bool goes_on = p->fall_left > 0;

	p->fall_by = by;
	p->fall_from = fmax(p->latest, goes_on ? p->fall_from : 0);
	p->fall_mid = fmax(fmax(p->mid, p->fall_from), goes_on ? p->fall_mid : 0);
	p->fall_sigma = fmin(p->sigma, goes_on ? p->fall_sigma : INFINITY);
	p->fall_left = (uint32_t)fmax(FALL_MOST_MS / (double)p->step_ms, 1);
}

/* After a fall the spread of the forecast errors is wide for a while, upwards too, though
 * nothing rose, and the middle may swing back too far: the forecast is not above that of
 * before until the spread is what it was, or demand exceeds that of before. The largest
 * fall counts. */
static void note_fall(struct policy *p, double demand)
{
	const double least = (FALL_MOST_MS - FALL_MS) / (double)p->step_ms;
	const double by = p->latest - demand;

	if (p->fall_left > 0)
		p->fall_left--;
	if (demand > p->fall_from ||
	    ((double)p->fall_left < least && p->sigma <= FALL_WIDE * p->fall_sigma))
		p->fall_left = 0;
	if ((double)p->changes > FALL_AFTER &&
	    by > (p->fall_left > 0 ? p->fall_by : FALL_CHANGES * p->change))
		begin_fall(p, by);
}

static void note_step(struct policy *p, const struct policy_settings *s, bool is_short,
		      bool is_bound)
{
	if (s->price == 0)
		steer(p, s, is_short, is_bound);
	p->short_share +=
		((double)is_short - p->short_share) / fmin((double)p->steps, days(p, 7));
}

void policy_observe(struct policy *p, const struct policy_settings *s,
		    const struct policy_bounds *b, double demand, int64_t served,
		    bool is_bound)
{
	const bool is_short =
		served >= 0 && demand > (double)served * s->capacity * (1 + 1e-9);

	note_fall(p, demand);
	policy_note_change(p, fabs(demand - p->latest));
	p->sure = policy_sure(demand, p->sigma);
	p->latest = demand;
	p->steps++;
	p->steady = served == p->served ? p->steady + 1 : 0;
	p->served = served;
	p->followed = served < 0 ? 0 : MIN(p->followed, UINT32_MAX - 1) + 1;
	if (p->followed <= p->lead_steps + 1 || !is_servable(s, b, demand))
		return;
	for (uint32_t k = MIN(p->missed, MISSED_MAX) + 1; k-- > 0;)
		note_step(p, s, k > p->missed / 2 ? p->was_short : is_short, is_bound);
	p->was_short = is_short;
	p->missed = 0;
}

void policy_miss(struct policy *p)
{
	p->missed++;
}

void policy_change(struct policy *p, const struct policy_settings *before,
		   const struct policy_settings *now)
{
	if (now->price > 0 || before->price > 0) {
		if (now->price != before->price)
			p->log_price = fmax(start_price(now), 0);
	} else {
		p->log_price = fmax(p->log_price + log(before->capacity / now->capacity) +
					    log(before->risk / now->risk),
				    0);
	}
	p->steered = 0;
}
