/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model.h - what a demand model consists of; private to this room.
 *
 * It has no pointers: all of it is one block of bytes, saved and loaded as it is.
 */
#ifndef PREDICTOR_DEMAND_MODEL_H
#define PREDICTOR_DEMAND_MODEL_H

#include "bfloat16.h"
#include "check.h"
#include "demand.h"
#include "features.h"
#include "histogram.h"
#include "level_shift.h"
#include "ridge.h"
#include "tuning.h"

#include <math.h>

#define TINY 1e-30 /* keeps logarithms finite when a series is 0 throughout */
#define DEMAND_MAGIC 0x31444d44u /* "DMD1" */
#define SLACK 64                 /* values that the memory moves at a time */
#define SIZES_STEPS 15 /* steps of the day that share one usual size of an error */

/* Features of the spread: logarithms of sizes, relative to the average level. */
enum {
	SPREAD_ONE,
	SPREAD_UP,   /* by how much forecasts were too low, last 120 steps */
	SPREAD_FAST, /* forecast errors of the last 8 steps */
	SPREAD_MID,  /* of the last 60 */
	SPREAD_SLOW, /* of the last 1440 */
	SPREAD_DAY,  /* at this time of day */
	SPREAD_BASE, /* the present level */
	SPREAD_RANGE,
	SPREAD_RISE, /* yesterday's rise from here */
	SPREAD_MOVE, /* the rise that is expected now */
	SPREAD_N
};

/* What was known and predicted at one step, kept until its lead time is over. */
struct origin {
	float x[FEAT_N];
	float v[SPREAD_N];
	float base;
	float centre[DEMAND_FALLBACKS],
		sigma[DEMAND_FALLBACKS]; /* of the rise over base */
	float predicted[DEMAND_BANDS];   /* quantiles of the largest demand */
	uint32_t slot;                   /* of the day */
	bool filled;                     /* no sample at this step */
};

/* What is learned for one lead time: one block of bytes. */
struct lead {
	size_t size;   /* bytes of all this */
	size_t window; /* lead time + 1: steps of the target */
	struct feat_shape shape;
	struct histogram histogram;
	double fast, mid, slow;         /* averages of |forecast error| */
	double up;                      /* average of the positive errors */
	double loss[DEMAND_FALLBACKS];  /* of each fallback level lately; comparable */
	double error[DEMAND_FALLBACKS]; /* slow average of |forecast error| */
	enum demand_fallback fallback_level; /* in force */
	enum demand_reason reason;           /* why */
	uint64_t learned;                    /* targets learned from */
	double z[DEMAND_BANDS];              /* the histogram's quantiles of the bands */
	double coverage[DEMAND_BANDS];       /* share of targets within the band lately */
	size_t mean_at, spread_at, profile_at, sizes_at, origins_at; /* in data */
	_Alignas(8) unsigned char data[];
};

struct demand_model {
	uint32_t magic;
	uint32_t version;
	size_t size; /* bytes of all this */
	struct demand_opts opts;
	struct demand_stats stats;
	uint64_t n;      /* steps processed by this model */
	int64_t last_ms; /* start of the newest */
	int32_t offset_s, offset_before_s;
	uint64_t since_offset; /* steps since the offset changed */

	double level;     /* slow average of the demand */
	double top;       /* the largest ever */
	double gap_ratio; /* of the steps being filled to those a day before */
	uint64_t gap;     /* number of steps being filled */
	uint64_t clean;   /* steps since the last filled one */
	uint64_t unseen;  /* steps since the last sample */
	struct level_shift shift;

	size_t past;   /* values of y that features may look at, whatever the lead time */
	size_t memory; /* values kept: past, and those of a target */
	size_t at;     /* index of the newest */
	size_t day;    /* in steps; 0: too short a day */
	size_t smooth; /* steps of a level */
	size_t slots;  /* of a day; at least 1 */
	size_t lead_at[DEMAND_LEADS_MAX]; /* in data */

	_Alignas(8) unsigned char data[]; /* y, then the leads */
};

static inline float *model_y(struct demand_model *m)
{
	return (void *)m->data;
}

static inline const float *model_y_const(const struct demand_model *m)
{
	return (const void *)m->data;
}

static inline struct lead *model_lead(struct demand_model *m, size_t k)
{
	return (void *)(m->data + m->lead_at[k]);
}

static inline const struct lead *model_lead_const(const struct demand_model *m, size_t k)
{
	return (const void *)(m->data + m->lead_at[k]);
}

/* Average rise to the coming window at each slot of the day, over the level there. */
static inline uint16_t *lead_profile(struct lead *l)
{
	return (void *)(l->data + l->profile_at);
}

/* Average size of a forecast error by time of day. */
static inline float *lead_sizes(struct lead *l)
{
	return (void *)(l->data + l->sizes_at);
}

static inline const float *lead_sizes_const(const struct lead *l)
{
	return (const void *)(l->data + l->sizes_at);
}

static inline struct ridge *lead_mean(struct lead *l)
{
	return (void *)(l->data + l->mean_at);
}

static inline struct ridge *lead_spread(struct lead *l)
{
	return (void *)(l->data + l->spread_at);
}

/* Step k steps ago. The newest is 0; window is that of the target which is complete now,
 * until the newest takes its place. */
static inline struct origin *lead_origin(const struct demand_model *m, struct lead *l,
					 size_t ago)
{
	struct origin *o = (void *)(l->data + l->origins_at);

	return o + (m->n - 1 - ago) % l->window;
}

static inline const struct origin *lead_newest(const struct demand_model *m,
					       const struct lead *l)
{
	const struct origin *o = (const void *)(l->data + l->origins_at);

	return o + (m->n - 1) % l->window;
}

/* The oldest one that is kept: a lead time old. */
static inline const struct origin *lead_oldest(const struct demand_model *m,
					       const struct lead *l)
{
	const struct origin *o = (const void *)(l->data + l->origins_at);

	return o + m->n % l->window;
}

/* The limit of all forecasts: the largest demand ever observed, plus the largest rise
 * within a lead time that is considered possible without history. */
static inline double model_most(const struct demand_model *m)
{
	return m->top * (1 + MOST_SWINGS * m->opts.prior_swing);
}

/* A negligible size, so that logarithms exist. */
static inline double model_nothing(const struct demand_model *m)
{
	return 1e-3 * m->level + TINY;
}

/* Time constant, in steps, of an average with a half-life of an hour. */
static inline double model_hour_life(const struct demand_model *m)
{
	return 3600000.0 / (double)m->opts.step_ms / M_LN2;
}

static inline double clamp(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

#endif
