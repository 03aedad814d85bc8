/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * demand.h - the decision model: instances a tier needs, one lead time ahead.
 *
 * Predicts, in quantiles, the LARGEST demand within the lead time, from the series
 * alone, and turns it into instances by a price: what a short step costs against an
 * instance for one step. The price is found by replaying the tier's own past so that
 * the promised share of short time (the risk) is kept, and is steered online from
 * then on.
 *
 * Model. y = demand, base = mean of its last two values. With x the features of
 * features.h at step i and L the lead time in steps:
 *
 *	max(y[i+1..i+L+1]) - base = x'b + s z,   log s = v'c,   z ~ its own past
 *
 * One model looks over several lead times at once: the series, its seasons and its
 * counters are kept once, everything else for each of them. What it answers for a lead
 * time does not depend on the others.
 *
 * b and c are ridge regressions on exponentially forgotten sums (ridge.h); the
 * distribution of z is a forgotten histogram (histogram.h). All of it is learned one
 * step at a time.
 *
 * Times are Unix milliseconds. Seasons follow the local clock, whose distance from
 * UTC the caller tells (demand_model_set_offset()), so that a change to or from
 * daylight saving is no gap and no repeated hour.
 *
 * Pure: no I/O, no clock, no logging, no global state. One model is used by one
 * thread at a time.
 *
 * Sources: Ljung, System Identification, 11.2 (recursive least squares with
 * forgetting); Huber and Ronchetti, Robust Statistics, ch. 7; Carroll and Ruppert,
 * Transformation and Weighting in Regression, ch. 3 (log-linear spread); Koenker,
 * Quantile Regression, 2.1 (the newsvendor's quantile).
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
	size_t lead_steps[DEMAND_LEADS_MAX]; /* from deciding to serving, in whole steps;
						may be 0 */
	double risk;  /* share of time that may be short, 0.00001 to 0.5 */
	double price; /* instance-hours that a short minute costs, up to 1e9; above 0 it
			 takes the place of the risk: nothing is calibrated or steered,
			 and the level and the share kept follow */
	double capacity;    /* demand that one instance serves, > 0 */
	double prior_swing; /* without history: relative rise within a lead time that is
			       taken as usual (one standard deviation); 0 means 0.15 */
};

/* Fallback levels: which method the numbers come from. */
enum demand_fallback {
	DEMAND_REACTIVE, /* the present level and its usual rises */
	DEMAND_SEASONAL, /* the usual rise at this time of day, at the present level */
	DEMAND_FULL,     /* the whole model */
};
enum { DEMAND_FALLBACKS = DEMAND_FULL + 1 };

/* Why it is that fallback level. */
enum demand_reason {
	DEMAND_NO_SAMPLE,
	DEMAND_LITTLE_HISTORY,   /* too little for the model */
	DEMAND_YOUNG,            /* enough for the model, too little to judge it */
	DEMAND_BEST,             /* the model did best */
	DEMAND_SEASON_IS_BETTER, /* for two days */
	DEMAND_LATEST_IS_BETTER,
	DEMAND_SHIFTED,        /* the level shifted, and the model does worse */
	DEMAND_SHIFT_FOLLOWED, /* the level shifted, and the model does best */
};

const char *demand_fallback_name(
	enum demand_fallback fallback_level); /* "reactive", ... */

struct demand_decision {
	size_t needed; /* instances, for the lead time that begins now; never fewer than
			  the present demand takes */
	size_t instances; /* the same held: the most needed in the last lead time, so that
			     no boot is paid twice within one */
	double median;    /* of the largest demand within the lead time */
	double upper;     /* its quantile at `level` */
	double level; /* probability that the instances suffice for the whole lead time */
	double price; /* of a short step, in instance steps */
	double short_share; /* share of short steps lately, as these decisions alone would
			 have had it */
	enum demand_fallback fallback_level;
	enum demand_reason reason; /* why this fallback level */
	int64_t shift_ms; /* since when the level is another, with the reasons that say so
			   */
	double shift_ratio; /* by how much: 0.8 is 80 % more */
};

/*
 * The reason in words: "the model did worse than the latest demand for two days". shift:
 * shift_ms in the reader's clock. Returns ret, cut at size.
 */
const char *demand_why(const struct demand_decision *d, const char *shift, char *ret,
		       size_t size);

struct demand_stats {
	uint64_t steps;      /* samples taken, filled ones included */
	uint64_t missing;    /* steps that had no sample and were filled */
	uint64_t late;       /* samples that came after their step was closed; dropped */
	uint64_t duplicates; /* samples for a step that had one; dropped */
};

/* The bands whose promise is watched: levels, ascending. */
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
 * ERR_INVAL for a value that is no demand (the index is named) or a second call. Cost
 * about 2 us a value and lead time; allocates for the length of the call only.
 */
int demand_model_train(struct demand_model *m, const double *y, size_t n, int64_t t0_ms,
		       struct err *err) MUST_CHECK;

/*
 * Takes the demand of the step that starts at t_ms. A sample for a step that is closed
 * already is counted (demand_model_stats()) and dropped; steps without a sample before
 * this one are filled from the season and not learned from.
 *
 * ERR_INVAL when y is negative, NaN, infinite or above DEMAND_MAX: the model is
 * unchanged. Cost a lead time O(p^2), p = 22, and O(p^3) every tenth step, about 2 us;
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

/* What is needed now to have it within the lead time lead_steps[lead]. Before the first
 * sample: one instance, reactive. Never fails. */
void demand_model_decide(const struct demand_model *m, size_t lead,
			 struct demand_decision *ret);

/*
 * Another capacity: what was learned stays, and the price of a short step is worth as
 * much demand as before.
 */
int demand_model_set_capacity(struct demand_model *m, double capacity,
			      struct err *err) MUST_CHECK;

/* As given, the capacity as set last. */
const struct demand_opts *demand_model_opts(const struct demand_model *m);

/*
 * What each band of demand_bands promised and kept: the share of steps lately (half-life
 * a week) whose largest demand within the lead time stayed at or below the quantile that
 * was said at that step. NaN while fewer steps are known than would leave ten above.
 */
void demand_model_coverage(const struct demand_model *m, size_t lead,
			   double ret[DEMAND_BANDS]);

void demand_model_stats(const struct demand_model *m, struct demand_stats *ret);

/* The local clock's distance from UTC from the next step on; 0 until told. Seasons that
 * lie across a change are looked up by the clock. */
void demand_model_set_offset(struct demand_model *m, int32_t offset_s);

/*
 * The model as bytes, versioned and checked on the way back: a loaded model goes on
 * exactly as the saved one would have. Same byte order only.
 */
size_t demand_model_size(const struct demand_model *m);
void demand_model_save(const struct demand_model *m, void *ret); /* demand_model_size() */
int demand_model_load(const void *data, size_t len, struct demand_model **ret,
		      struct err *err) MUST_CHECK;

#endif
