/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * follow_state.h - what a follower consists of; private to this room.
 *
 * It has no pointers: all of it is one block of bytes, saved and loaded as it is.
 */
#ifndef PREDICTOR_DEMAND_FOLLOW_STATE_H
#define PREDICTOR_DEMAND_FOLLOW_STATE_H

#include "demand.h"
#include "follow_trial.h"
#include "histogram.h"
#include "ridge.h"

#define FOLLOW_MAGIC 0x314c4c46u /* "FLL1" */

/* What the forecast looks at, relative to the present level. */
enum {
	FOLLOW_ONE,
	FOLLOW_OWN,                   /* the rise that the model predicts */
	FOLLOW_MEAN,                  /* means of the own demand */
	FOLLOW_LAG = FOLLOW_MEAN + 5, /* demand in front, at these lags */
	FOLLOW_MAX = FOLLOW_LAG + 12, /* the largest of the last in front */
	FOLLOW_N = FOLLOW_MAX + 3
};

/* A step of the past. */
struct follow_moment {
	float y, front; /* front of a short gap: the value before */
	float ratio;    /* of both, lately */
	bool is_usable; /* a forecast can be made here */
};

/* What was predicted at a step for one lead time, as rises over the base. */
struct follow_origin {
	float own, sigma, own_high;    /* the model's middle, spread and 95 % quantile */
	float mid, spread, high;       /* the follower's */
	float predicted[DEMAND_BANDS]; /* its quantiles of the largest demand */
};

struct follow_lead {
	size_t window; /* lead time + 1 */
	double own_error,
		error; /* averages of |forecast error|, the model's and its own */
	uint64_t learned;
	double z[DEMAND_BANDS];        /* the histogram's quantiles of the bands */
	double coverage[DEMAND_BANDS]; /* share of targets within the band lately */
	struct follow_trial trial;
	struct histogram histogram;  /* of errors over scale * the model's spread */
	struct demand_view view;     /* the newest, where usable; z is not set */
	size_t ridge_at, origins_at; /* in data */
};

struct demand_follow {
	uint32_t magic;
	uint32_t version;
	size_t size; /* bytes of all this */
	struct demand_opts opts;
	size_t memory;             /* moments kept */
	size_t at;                 /* index of the newest */
	uint64_t n;                /* steps processed */
	uint64_t model_n;          /* of the model at the newest */
	uint64_t whole;            /* steps up to the newest with an own demand */
	uint64_t together;         /* and with one in front, short gaps included */
	uint64_t missing;          /* steps up to the newest without one in front */
	double y_mean, front_mean; /* recent */
	double agree[DEMAND_FOLLOW_LAG + 1]; /* sums of products of changes, forgotten */
	size_t leads_at;                     /* in data */
	_Alignas(8) unsigned char data[];    /* moments, then the leads and theirs */
};

/* The newest moment; the one before is at -1. */
static inline struct follow_moment *follow_newest(struct demand_follow *f)
{
	return (struct follow_moment *)(void *)f->data + f->at;
}

static inline const struct follow_moment *follow_newest_const(
	const struct demand_follow *f)
{
	return (const struct follow_moment *)(const void *)f->data + f->at;
}

static inline struct follow_lead *follow_lead(struct demand_follow *f, size_t k)
{
	return (struct follow_lead *)(void *)(f->data + f->leads_at) + k;
}

static inline const struct follow_lead *follow_lead_const(const struct demand_follow *f,
							  size_t k)
{
	return (const struct follow_lead *)(const void *)(f->data + f->leads_at) + k;
}

static inline struct follow_origin *follow_origin(struct demand_follow *f,
						  struct follow_lead *l, size_t ago)
{
	return (struct follow_origin *)(void *)(f->data + l->origins_at) +
	       (f->n - 1 - ago) % (l->window + 1);
}

static inline struct ridge *follow_ridge(struct demand_follow *f, struct follow_lead *l)
{
	return (void *)(f->data + l->ridge_at);
}

/* The level as of a moment. */
static inline double follow_base(const struct follow_moment *at)
{
	return 0.5 * ((double)at[0].y + (double)at[-1].y);
}

/* ---- follow_features.c */

/* Fills x [FOLLOW_N] as of a usable moment; own: the model's rise. */
void follow_features(const struct follow_moment *at, double own, float x[FOLLOW_N]);

/* Learns at which lag the changes of both demands agree. */
void follow_note_lag(struct demand_follow *f);
size_t follow_best_lag(const struct demand_follow *f);

#endif
