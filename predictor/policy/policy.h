/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy.h - from a forecast to a decision: the price of a short step, and with it the
 * members of a decision's input that are forecast.
 *
 * The price, in instance steps, is what a step short of capacity costs. It is found by
 * playing the whole rule (predictor/rule, with its dwell, steps and bounds) over the
 * tier's own past, so that the promised share of short time, the risk, is spent; from
 * then on it is steered by what was short. The forecast does not depend on it: capacity,
 * bounds, dwell, steps and risk may change at any time, and one model serves several
 * policies.
 *
 * Everybody who decides does it in this way: the controller's tick, backtests, what-ifs
 * and `foretide decide --jsonl`. So what is measured is what runs.
 *
 * Pure: no I/O, no clock, no logging, no global state. A struct policy is a value: it may
 * be copied and saved as bytes.
 *
 * Sources: Koenker, Quantile Regression, 2.1 (the newsvendor's quantile); Gibbs and
 * Candès, Adaptive Conformal Inference Under Distribution Shift, 2021 (steering by the
 * misses); Robbins and Monro, 1951 (a gain that falls with what is known).
 */
#ifndef PREDICTOR_POLICY_POLICY_H
#define PREDICTOR_POLICY_POLICY_H

#include "demand.h"
#include "err.h"
#include "leads.h"
#include "noise.h"
#include "paid_terms.h"
#include "rule.h"
#include "uplift.h"
#include "veto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lead times of a policy's model: of the tier, and with the outlook. */
enum { POLICY_NEAR, POLICY_FAR, POLICY_LEADS };

struct fleet_now;

#define POLICY_LEAD_MAX 254       /* steps */
#define POLICY_OUTLOOK_MS 1200000 /* beyond the lead time; at least a step */
#define POLICY_DWELL_MS 120000    /* defaults of a tier */
#define POLICY_ACTION_PRICE 10.0  /* instance-minutes */

/* What the operator sets and what was learned of the tier; zero is a default only where
 * it says so. */
struct policy_settings {
	double risk;  /* share of time that may be short of capacity */
	double price; /* instance-hours that a minute short costs, in place of the risk;
			 0: the risk is used */
	double capacity;    /* demand that one instance serves, > 0 */
	int64_t lead_ms;    /* planned for */
	double lead_spread; /* standard deviation of the logarithm of lead times; 0: they
			       do not vary, or it is not known */
	enum decide_mode mode;
	int64_t min, max;                  /* max < 0: none */
	int64_t step_out_max, step_in_max; /* 0: no limit */
	bool stateful;                     /* never scaled in automatically */
	int64_t dwell_ms;
	double action_price; /* instance-minutes */
	int64_t billing_ms;  /* instances are paid for in units of it, from their launch
				on; no more than a step: by the moment */
	int64_t billing_min_ms; /* and for so long at least */
};

/* What bounds the number of instances for a time, beside the settings: schedules, and
 * what there is room for. < 0: nothing. */
struct policy_bounds {
	int64_t floor, ceiling, budget;
};

/* What is allowed with both of them; b: NULL: the settings alone. ret_most: < 0: no
 * bound. */
void policy_allowed(const struct policy_settings *s, const struct policy_bounds *b,
		    int64_t *ret_least, int64_t *ret_most);

/*
 * ret [n]: the schedules in force from the end of each step of the past on, floors also
 * those that come into force within ahead_ms, as calendar_bounds() has them. No budget.
 * Cost O(rules * (n + steps ahead)).
 */
void policy_schedule_bounds(const struct calendar *c, const struct tz *zone,
			    int64_t t0_ms, int64_t step_ms, size_t n, int64_t ahead_ms,
			    struct policy_bounds *ret);

/* ERR_INVAL names what is out of range. */
int policy_settings_check(const struct policy_settings *s, struct err *err) MUST_CHECK;

/* The options of a model for it. lead_ms is rounded up to steps. */
struct demand_opts policy_model_opts(int64_t step_ms, int64_t lead_ms);

/* How instances are paid for, in steps, rounded up. */
struct paid_terms policy_paid_terms(const struct policy_settings *s, int64_t step_ms);

struct policy {
	int64_t step_ms;
	double log_price;   /* of a short step, in instance steps */
	double short_share; /* of recent steps: half-life a week */
	uint32_t lead_steps;
	uint32_t steps;      /* observed */
	uint32_t missed;     /* since the last of them: without a sample */
	bool was_short;      /* the last of them */
	uint32_t followed;   /* steps in a row that what served was decided here */
	uint32_t steered;    /* since the price was found or what it is for changed */
	uint32_t steady;     /* steps that served is the same */
	uint32_t changes;    /* that change was learned from */
	int64_t served;      /* instances, last; -1: none */
	double steady_price; /* logarithm; it is not lowered below while they are many */
	double latest;       /* demand; NaN: none */
	double sure;         /* of it beyond the noise; 0: none */
	double change;       /* usual, of demand from step to step */
	double mid, sigma;   /* of the near forecast when it was observed */
	double fall_by;      /* by what demand fell last */
	double fall_from, fall_mid, fall_sigma; /* demand and forecast before */
	uint32_t fall_left; /* steps, at most, that the forecast is not above that */
	struct veto veto;
};

/* Without a past: the price at which the risk is the probability of a short step. */
void policy_init(struct policy *p, const struct demand_opts *model,
		 const struct policy_settings *s);

/* The past that a policy learns from. */
struct policy_past {
	const double *y; /* [n] NaN: no sample */
	size_t n;
	int64_t t0_ms; /* start of the first step */
	/* [n] in force from the end of each step on; NULL: none. What is short because of
	 * them is short at any price, and raises none. */
	const struct policy_bounds *bounds;
};

/*
 * Trains the model (demand_model_train()) and finds the price. Cost that of the training,
 * and about 10 us per value of the last three weeks, 15 us at a lead time of an hour.
 */
int policy_train(struct policy *p, const struct policy_settings *s,
		 struct demand_model *m, const struct policy_past *past,
		 struct err *err) MUST_CHECK;

/* Finds the price of another policy on the same trained model; `points` are
 * demand_model_train()'s. */
void policy_find_price(struct policy *p, const struct policy_settings *s,
		       const struct demand_model *m, const struct demand_point *points,
		       const struct policy_past *past);

/*
 * Notes the demand of a step, before the model learns it, and steers the price. It does
 * not count what no price could have served: what is beyond the bounds, and what comes
 * before the first of its decisions serves.
 *   b         the bounds in force; NULL: none but the settings'
 *   served    instances that served in it; < 0: not known, or not what was decided (held,
 *             or in a mode that does not act): the price stays
 *   is_bound  their number was set by a minimum, not by demand
 */
void policy_observe(struct policy *p, const struct policy_settings *s,
		    const struct policy_bounds *b, double demand, int64_t served,
		    bool is_bound);

/* A step without a sample. The next one with a sample tells whether it was short: as the
 * one nearer to it was. */
void policy_miss(struct policy *p);

/* Other settings are in force. The price is worth as much demand as before, and finds its
 * new place faster for some days. */
void policy_change(struct policy *p, const struct policy_settings *before,
		   const struct policy_settings *now);

/* Effects of events within the lead time, and within lead time and outlook. */
struct policy_events {
	struct uplift near, far;
};

/*
 * Fills in what is forecast, except the time of the forecast, and where it comes from:
 * forecast_mid, forecast_high and its level, the instances that it calls for and the
 * probability that they suffice, out_gain, again_near, again_far, outlook_ms; without a
 * forecast all of them are NaN. And demand_sure. events: NULL: none. ret_level:
 * probability that the need suffices; NULL: not needed.
 */
void policy_fill(struct policy *p, const struct policy_settings *s,
		 const struct demand_model *m, const struct policy_events *events,
		 struct decide_input *in, double *ret_level);

/*
 * The model's forecasts [POLICY_LEADS], by the highest fallback level that what came does
 * not contradict (veto.h), which this notes first. false: there are none yet.
 */
bool policy_views(struct policy *p, const struct policy_settings *s,
		  const struct demand_model *m, struct demand_view *ret);

/* As policy_fill(), from the forecasts [POLICY_LEADS], which need not be the model's own
 * (follow.h in predictor/demand); NULL: there are none. */
void policy_fill_from(struct policy *p, const struct policy_settings *s,
		      const struct demand_view *views, const struct policy_events *events,
		      struct decide_input *in, double *ret_level);

/*
 * The whole input of a tier in whose name nothing else is known: for backtests and
 * `decide --jsonl`. There are `running` and `starting` instances, all of them
 * desired. demand: of the step that ended at now_ms; NaN: none.
 */
void policy_input(const struct policy *p, const struct policy_settings *s, int64_t now_ms,
		  double demand, int64_t running, int64_t starting,
		  struct decide_input *ret);

/* The same at the end of a step of a simulated fleet, within these bounds; NULL: none. */
void policy_fleet_input(const struct policy *p, const struct policy_settings *s,
			const struct policy_bounds *b, int64_t now_ms,
			const struct fleet_now *now, struct decide_input *ret);

#endif
