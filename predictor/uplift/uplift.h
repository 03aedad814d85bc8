/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uplift.h - the effect of events on demand: measured on past ones, expected of coming
 * ones.
 *
 * Model. demand = ordinary demand * u, with u the uplift within an event and 1 outside of
 * all. A step that an event covers in part, with the share c, has 1 + c (u - 1). Events
 * of different names that overlap multiply, as their effects add up on the log scale; one
 * name counts once.
 *
 * Measuring. The demand in the event over that at the same local times of comparable days
 * (whole weeks before and after; any days when there are too few of these), each scaled
 * by the ratio of the levels around the event and around the comparable time: a
 * difference in differences of logarithms. The median over the comparable days is the log
 * uplift, their median absolute deviation, by Student's t for as few as there are, its
 * error. Steps in any other event are excluded. A tenth of wrong days does no harm.
 *
 * Combining. Occurrences of one name differ: log u ~ N(m, s^2), each measured with its
 * own error; m has the prior N(0, 1.2^2), so that little evidence stays nearer to "no
 * effect", and s one over 5 to 100 %, of which occurrences that agree soon leave the low
 * end alone. The interval is that of the NEXT occurrence, 90 %.
 *
 * What it holds depends on how much they do differ, which one occurrence cannot tell. By
 * simulation (make bench BENCH=coverage), after 1, 2, 5 of them: differing by 20 %, 99,
 * 99, 95 times in 100; by 50 %, 92, 90, 89; by 80 %, 75, 77, 83. Its upper end is 2.7
 * times the middle after one occurrence, 1.8 after two alike, 1.1 after five.
 *
 * Times are Unix ms. Pure: no I/O, no clock, no global state; safe from any thread.
 *
 * Sources: Abraham and Lodish, PROMOTER: an automated promotion evaluation system,
 * Marketing Science 6(2), 1987 (baseline and lift); Angrist and Pischke, Mostly Harmless
 * Econometrics, 5.2 (difference in differences); Huber and Ronchetti, Robust Statistics,
 * ch. 5 (median and MAD); Gelman et al., Bayesian Data Analysis, 3rd ed., 5.4 (normal
 * hierarchy, its spread on a grid); Taylor and Letham, Forecasting at
 * scale, The American Statistician 72, 2018, 3.3 (events as regressors of their own).
 */
#ifndef PREDICTOR_UPLIFT_UPLIFT_H
#define PREDICTOR_UPLIFT_UPLIFT_H

#include "calendar.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPLIFT_MIN 0.01 /* of one event, given or measured */
#define UPLIFT_MAX 100.0
#define UPLIFT_LEAST 1e-4 /* of all that overlap, together */
#define UPLIFT_MOST 1e4
/* The level at which an event's own uncertainty enters an upper quantile, at most: its
 * effect is drawn once, not each step, and the level of a decision, often beyond 99.9 %,
 * would require more than any event has ever needed. What is beyond it costs instances
 * for all of each event. So at most 2 times the middle enters after one occurrence, 1.4
 * after two alike, 1.1 after five. */
#define UPLIFT_LEVEL 0.9
#define UPLIFT_WEEKS 4       /* compared with, before and after */
#define UPLIFT_AROUND_H 24   /* hours of level before and after */
#define UPLIFT_REACH_DAYS 29 /* of the series around an event that measuring looks at */

/* A demand as steps; NaN is a missing one. */
struct uplift_series {
	const double *y; /* [n] */
	size_t n;
	int64_t t0_ms, step_ms;
	const struct tz *zone; /* whose clock days follow; NULL: UTC */
};

struct uplift_span {
	int64_t start_ms, end_ms; /* [start, end) */
};

/* The measured effect of one past occurrence. */
struct uplift_measure {
	double log_ratio; /* log u */
	double error;     /* 1.6449 of it hold the truth 9 times in 10, more often where
			     demand is smooth: it is at least 2 % */
	size_t days;      /* comparable ones that it was measured on */
};

/*
 * Measures the event `of`.
 *   others  [n] every event that there was, `of` too (it is skipped): steps in them
 *           are not ordinary demand
 *
 * ERR_NOT_FOUND when it cannot be measured: no demand in it, no comparable days, covered
 * by another event. Cost O(days * steps in it and around it).
 */
int uplift_measure(const struct uplift_series *s, const struct uplift_span *of,
		   const struct uplift_span *others, size_t n, struct uplift_measure *ret,
		   struct err *err) MUST_CHECK;

/* The expected effect of an event. */
struct uplift {
	double mid, low, high; /* factor: the middle, and the 90 % interval */
	double log_sd;         /* of the next one's log u, as a normal distribution that
				  is right at UPLIFT_LEVEL; 0 when given */
	size_t n;              /* past occurrences that it was learned from */
};

/* 1, known exactly: no effect, or nothing known. */
struct uplift uplift_none(void);
struct uplift uplift_given(double u);
/* From text: "2.5", "+150%", "-40%"; "learn" is NaN. */
int uplift_parse(const char *text, double *ret, struct err *err) MUST_CHECK;
/* From the measures of past occurrences of the name; none of them: uplift_none(). */
struct uplift uplift_learned(const struct uplift_measure *m, size_t n);

/* An occurrence and its uplift. */
struct uplift_event {
	struct uplift_span span;
	struct uplift u;
};

/* An occurrence as it is announced. */
struct uplift_named {
	const char *name; /* the caller's */
	struct uplift_span span;
	struct uplift u; /* uplift_none() unless given */
	bool is_given;
};

/* Sorts v [n] by name and start, and merges those of one name that touch: the earlier
 * one, until the last ends. Returns how many remain. */
size_t uplift_join(struct uplift_named *v, size_t n);

/*
 * ret [n_steps]: the factor of each step, 1 outside of events. Different names multiply;
 * spans of one name must not overlap.
 */
void uplift_factors(const struct uplift_event *e, size_t n, int64_t t0_ms,
		    int64_t step_ms, double *ret, size_t n_steps);

/*
 * The largest product in force at any time of [from, to), with its spread; 1 when there
 * is a time without events. Cost O(n + k^2), k of the events in the span.
 */
struct uplift uplift_within(const struct uplift_event *e, size_t n, int64_t from_ms,
			    int64_t to_ms);

/*
 * The quantile `level` of a demand in an event, from the median and that quantile of the
 * ordinary demand: medians multiply, spreads of the logarithms add up as independent ones
 * do. Never below 0.
 */
double uplift_quantile(const struct uplift *u, double median, double quantile,
		       double level);

/*
 * A forecast of ordinary demand, as horizon/forecast.h has it, becomes one with events.
 *   t0_ms   of its first step
 *   levels  [n_levels]; q [n_levels * h]; mean [h], the middle of the forecast
 */
void uplift_forecast(const struct uplift_event *e, size_t n, int64_t t0_ms,
		     int64_t step_ms, const double *levels, size_t n_levels, double *mean,
		     double *q, size_t h);

#endif
