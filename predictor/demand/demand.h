/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * demand.h - the forecast that decisions are made on: the largest demand within a lead
 * time, as a distribution.
 *
 * Predicts it from the series alone; how many instances follow from it is for
 * predictor/policy.
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
 * Weighting in Regression, ch. 3 (log-linear spread).
 */
#ifndef PREDICTOR_DEMAND_DEMAND_H
#define PREDICTOR_DEMAND_DEMAND_H

#include "cleanup.h"
#include "err.h"
#include "follow.h"
#include "view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEMAND_LEADS_MAX 5
#define DEMAND_LEAD_MAX 300     /* lead_steps */
#define DEMAND_PRIOR_SWING 0.15 /* prior_swing when 0 is given */
#define DEMAND_MAX 1e30         /* of a sample */
#define DEMAND_STATE_VERSION 5u

struct demand_opts {
	int64_t step_ms;                     /* between two samples, 1 s to 1 day */
	size_t n_leads;                      /* 1 to DEMAND_LEADS_MAX */
	size_t lead_steps[DEMAND_LEADS_MAX]; /* from decision to serving, in full steps;
						may be 0 */
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

/* Where a forecast comes from. */
struct demand_source {
	enum demand_fallback fallback_level;
	enum demand_reason reason; /* why this fallback level */
	int64_t shift_ms;          /* start of the shift, with the reasons of a shift */
	double shift_ratio;        /* its size: 0.8 is 80 % more */
};

/*
 * The reason as text: "the model was less accurate than the latest demand over the last
 * two days". shift: shift_ms as text. Returns ret, truncated to size.
 */
const char *demand_why(const struct demand_source *d, const char *shift, char *ret,
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

/* A forecast that was made at one step of the history. */
struct demand_point {
	float mid, sigma;
};

/*
 * Learns from history, oldest first, on a model that has none yet.
 *
 *   y      [n] demand per step, >= 0; NaN = no sample
 *   t0_ms  start of the first step, Unix time
 *   ret    [n_leads * n] what was forecast at each step, lead time by lead time: with the
 *          last view's most and z it is a view. Left as it is for steps before the first
 *          sample. NULL: not needed
 *
 * ERR_INVAL for a value that is not a demand (the message has the index) or a second
 * call. Cost about 2 us per value and lead time, 3 us for one of 254 steps, on a core of
 * its own.
 */
int demand_model_train(struct demand_model *m, const double *y, size_t n, int64_t t0_ms,
		       struct demand_point *ret, struct err *err) MUST_CHECK;

/* A tier in front, and what is learned from it. */
struct demand_front {
	struct demand_follow *follow;
	const double *y; /* [n] its demand; NaN: none */
};

/* The same, with followers (follow.h) of n_fronts tiers, which learn along. */
int demand_model_train_behind(struct demand_model *m, const double *y, size_t n,
			      int64_t t0_ms, struct demand_point *ret,
			      const struct demand_front *fronts, size_t n_fronts,
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

/* The step that starts at t_ms has no sample, and is closed: it is filled as above, so
 * that the forecast goes on with the season. */
void demand_model_skip(struct demand_model *m, int64_t t_ms);

/*
 * The quantile `level` (0 < level < 1) of the largest demand within the lead time
 * lead_steps[lead], in demand units. ERR_NOT_FOUND before the first sample.
 */
int demand_model_quantile(const struct demand_model *m, size_t lead, double level,
			  double *ret, struct err *err) MUST_CHECK;

/* The forecast for the lead time lead_steps[lead], valid until the next sample.
 * ERR_NOT_FOUND before the first. */
int demand_model_view(const struct demand_model *m, size_t lead, struct demand_view *ret,
		      struct err *err) MUST_CHECK;
/* The same by this fallback level, or the one in force when that is lower. */
int demand_model_view_at(const struct demand_model *m, size_t lead,
			 enum demand_fallback level, struct demand_view *ret,
			 struct err *err) MUST_CHECK;
void demand_model_source(const struct demand_model *m, size_t lead,
			 struct demand_source *ret);

/* The newest step's demand, filled in when it had no sample; NaN: none yet. */
double demand_model_latest(const struct demand_model *m);

/*
 * What was forecast a lead time ago by one fallback level, for that lead time, and what
 * came: the largest demand of its steps so far, all but the one that is to come.
 */
struct demand_outcome {
	double mid, low, high; /* median, and the ends of the band of 90 % */
	double usual;          /* size of the full model's error at this time of day */
	double top;
};

/* false: not known, as after a gap. */
bool demand_model_outcome(const struct demand_model *m, size_t lead,
			  enum demand_fallback level, struct demand_outcome *ret);

const struct demand_opts *demand_model_opts(const struct demand_model *m);

/*
 * The coverage achieved by each band of demand_bands: the share of recent steps
 * (half-life a week) whose largest demand within the lead time did not exceed the
 * quantile predicted at that step. NaN while fewer steps are known than would leave ten
 * above.
 *
 * On public traces of a minute, half of 14 days learned from, bands of 80 % and more hold
 * what they state within two points on average, 3 minutes ahead; by trace those of 95 %
 * and more do, those below within 5 points, that of 50 % within 6.
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
