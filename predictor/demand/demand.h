/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * demand.h - the decision model: the instances a tier needs, one lead time ahead.
 *
 * Predicts, in quantiles, the LARGEST demand within the lead time, from the series
 * alone, and turns it into instances by a price: the cost of a step short of capacity,
 * in instances for one step. The price is found by replaying the tier's own past so that
 * the promised share of time short of capacity (the risk) is met, and is adjusted online
 * from then on.
 *
 * Model. y = demand, base = mean of its last two values. With x the features of
 * features.h at step i and L the lead time in steps:
 *
 *	max(y[i+1..i+L+1]) - base = x'b + s z,   log s = v'c,   z ~ its own past
 *
 * One model covers several lead times at once: the series, its seasons and its counters
 * are stored once, everything else per lead time. The forecast for a lead time does not
 * depend on the others.
 *
 * b and c are ridge regressions on exponentially forgotten sums (ridge.h); the
 * distribution of z is a histogram with forgetting (histogram.h). All of it is learned
 * one step at a time.
 *
 * Times are Unix milliseconds. Seasons follow the local clock, whose offset from UTC the
 * caller sets (demand_model_set_offset()), so that a change to or from daylight saving
 * causes neither a gap nor a repeated hour.
 *
 * Pure: no I/O, no clock, no logging, no global state. One model is used by one thread
 * at a time.
 *
 * Sources: Ljung, System Identification, 11.2 (recursive least squares with forgetting);
 * Huber and Ronchetti, Robust Statistics, ch. 7; Carroll and Ruppert, Transformation and
 * Weighting in Regression, ch. 3 (log-linear spread); Koenker, Quantile Regression, 2.1
 * (the newsvendor's quantile).
 */
#ifndef PREDICTOR_DEMAND_DEMAND_H
#define PREDICTOR_DEMAND_DEMAND_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEMAND_LEADS_MAX 4
#define DEMAND_LEAD_MAX 254     /* lead_steps */
#define DEMAND_PRIOR_SWING 0.15 /* prior_swing when 0 is given */
#define DEMAND_MAX 1e30         /* of a sample */
#define DEMAND_STATE_VERSION 3u

struct demand_opts {
	int64_t step_ms;                     /* between two samples, 1 s to 1 day */
	size_t n_leads;                      /* 1 to DEMAND_LEADS_MAX */
	size_t lead_steps[DEMAND_LEADS_MAX]; /* from decision to serving, in full steps;
						may be 0 */
	double risk;  /* share of time that may be short of capacity, 0.00001 to 0.5 */
	double price; /* instance-hours that a minute short of capacity costs, up to 1e9;
			 above 0 it replaces the risk: nothing is calibrated or steered,
			 and the level and the share of short time follow */
	double capacity;    /* demand that one instance serves, > 0 */
	double prior_swing; /* without history: relative rise within a lead time that is
			       taken as usual (one standard deviation); 0 means 0.15 */
};

/* Fallback levels: which method the numbers come from. */
enum demand_fallback {
	DEMAND_REACTIVE, /* the present level and its usual rises */
	DEMAND_SEASONAL, /* the usual rise at this time of day, at the present level */
	DEMAND_FULL,     /* the full model */
};
enum { DEMAND_FALLBACKS = DEMAND_FULL + 1 };

/* Why this fallback level. */
enum demand_reason {
	DEMAND_NO_SAMPLE,
	DEMAND_LITTLE_HISTORY,   /* too little for the model */
	DEMAND_YOUNG,            /* enough for the model, too little to evaluate it */
	DEMAND_BEST,             /* the model was the most accurate */
	DEMAND_SEASON_IS_BETTER, /* for two days */
	DEMAND_LATEST_IS_BETTER,
	DEMAND_SHIFTED,        /* the level shifted, and the model is less accurate */
	DEMAND_SHIFT_FOLLOWED, /* the level shifted, and the model is the most accurate */
};

const char *demand_fallback_name(
	enum demand_fallback fallback_level); /* "reactive", ... */

struct demand_decision {
	size_t needed;    /* instances, for the lead time that begins now; at least those
			     for the present demand */
	size_t instances; /* the most needed in the last lead time, to avoid paying for a
			     second boot within one */
	double median;    /* of the largest demand within the lead time */
	double upper;     /* its quantile at `level` */
	double level; /* probability that the instances suffice for the whole lead time */
	double price; /* of a short step, in instance steps */
	double short_share; /* share of recent steps that would have been short of
			       capacity with these decisions alone */
	enum demand_fallback fallback_level;
	enum demand_reason reason; /* why this fallback level */
	int64_t shift_ms;          /* start of the shift, with the reasons of a shift */
	double shift_ratio;        /* its size: 0.8 is 80 % more */
};

/*
 * The reason as text: "the model was less accurate than the latest demand over the last
 * two days". shift: shift_ms as text. Returns ret, truncated to size.
 */
const char *demand_why(const struct demand_decision *d, const char *shift, char *ret,
		       size_t size);

struct demand_stats {
	uint64_t steps;      /* samples processed, filled ones included */
	uint64_t missing;    /* steps that had no sample and were filled */
	uint64_t late;       /* samples received after their step was closed; dropped */
	uint64_t duplicates; /* samples for a step that had one; dropped */
};

/* The bands whose coverage is measured: levels, ascending. */
#define DEMAND_BANDS 7
extern const double demand_bands[DEMAND_BANDS];

struct demand_model;

/* A model without history. ERR_INVAL names the option that is out of range. */
int demand_model_new(const struct demand_opts *opts, struct demand_model **ret,
		     struct err *err) MUST_CHECK;
void demand_model_free(struct demand_model *m);
DEFINE_CLEANUP(struct demand_model *, demand_model_free);

/*
 * Learns from history, oldest first, on a model that has none yet.
 *
 *   y      [n] demand per step, >= 0; NaN = no sample
 *   t0_ms  start of the first step, Unix time
 *
 * ERR_INVAL for a value that is not a demand (the message has the index) or a second
 * call. Cost about 2 us per value and lead time; allocates for the length of the call
 * only.
 */
int demand_model_train(struct demand_model *m, const double *y, size_t n, int64_t t0_ms,
		       struct err *err) MUST_CHECK;

/*
 * Processes the demand of the step that starts at t_ms. A sample for a step that is
 * already closed is counted (demand_model_stats()) and dropped; steps without a sample
 * before this one are filled from the season and not learned from.
 *
 * ERR_INVAL when y is negative, NaN, infinite or above DEMAND_MAX: the model is
 * unchanged. Cost per lead time O(p^2), p = 22, and O(p^3) every tenth step, about 2 us;
 * the same for each step of a gap. No allocation.
 */
int demand_model_update(struct demand_model *m, int64_t t_ms, double y,
			struct err *err) MUST_CHECK;

/*
 * The quantile `level` (0 < level < 1) of the largest demand within the lead time
 * lead_steps[lead], in demand units. ERR_NOT_FOUND before the first sample.
 */
int demand_model_quantile(const struct demand_model *m, size_t lead, double level,
			  double *ret, struct err *err) MUST_CHECK;

/* What is needed now, so that it serves within the lead time lead_steps[lead]. Before the
 * first sample: one instance, reactive. Never fails. */
void demand_model_decide(const struct demand_model *m, size_t lead,
			 struct demand_decision *ret);

/*
 * Changes the capacity: what was learned is kept, and the price of a short step is worth
 * as much demand as before.
 */
int demand_model_set_capacity(struct demand_model *m, double capacity,
			      struct err *err) MUST_CHECK;

/* As given, the capacity as set last. */
const struct demand_opts *demand_model_opts(const struct demand_model *m);

/*
 * The coverage achieved by each band of demand_bands: the share of recent steps
 * (half-life a week) whose largest demand within the lead time did not exceed the
 * quantile predicted at that step. NaN while fewer steps are known than would leave ten
 * above.
 */
void demand_model_coverage(const struct demand_model *m, size_t lead,
			   double ret[DEMAND_BANDS]);

void demand_model_stats(const struct demand_model *m, struct demand_stats *ret);

/* The local clock's offset from UTC from the next step on; initially 0. Seasons that span
 * a change are looked up by the clock. */
void demand_model_set_offset(struct demand_model *m, int32_t offset_s);

/*
 * The model as bytes, versioned and checked on loading: a loaded model continues exactly
 * as the saved one would have. Same byte order only.
 */
size_t demand_model_size(const struct demand_model *m);
void demand_model_save(const struct demand_model *m, void *ret); /* demand_model_size() */
int demand_model_load(const void *data, size_t len, struct demand_model **ret,
		      struct err *err) MUST_CHECK;

#endif
