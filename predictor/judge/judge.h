/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.h - backtests a tier's policy against simple ones on its own past.
 *
 * The last part of the series is replayed as if it were live; what is before it is the
 * history that every policy knows. The peers get the advantage of a headroom tuned on the
 * last half of that history, as an operator could; ours is given only the risk.
 *
 * All play under the tier's terms: its bounds, schedules and room, boots as they come,
 * the capacity as it was known, billing, and its mode: where the tier never scales in,
 * the peers do not either. Limits of one step and the dwell are ours alone. The oracle
 * keeps to bounds, schedules and room, knows demand and capacity of each step, needs the
 * planned lead time for each boot, and scales in whatever the mode: so the cost of a mode
 * or of statefulness is in the others' figures, and that of the bounds is not. What a
 * minimum costs is told by itself.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef PREDICTOR_JUDGE_JUDGE_H
#define PREDICTOR_JUDGE_JUDGE_H

#include "cleanup.h"
#include "demand.h"
#include "err.h"
#include "peers.h"
#include "policy.h"
#include "simulation.h"
#include "uplift.h"

#include <stddef.h>
#include <stdint.h>

enum judge_policy {
	JUDGE_OURS,
	JUDGE_SEASONAL, /* this time yesterday and a week ago */
	JUDGE_REACTIVE, /* the rule of Kubernetes' HPA */
	JUDGE_STATIC,   /* the largest need of the history */
	JUDGE_ORACLE,   /* knows the future: the unit of the others' cost */
};
enum { JUDGE_POLICIES = JUDGE_ORACLE + 1, JUDGE_RISKS = 6, JUDGE_DWELLS = 5 };

const char *judge_policy_name(enum judge_policy p);

struct judge_row {
	struct fleet_run run;
	double instance_hours; /* paid */
	double cost;           /* over the oracle's */
	double headroom;       /* that was tuned; 0: none */
};

/* Coverage achieved by the bands of demand_bands: shares of steps whose largest demand
 * within the lead time did not exceed the quantile. */
struct judge_lead {
	size_t steps;
	double coverage[DEMAND_BANDS];
};

/* What another risk or dwell comes to. */
struct judge_point {
	double risk;
	int64_t dwell_ms;
	double cost, short_share;
	size_t actions;
};

/* What may keep every policy short. */
enum judge_bound { JUDGE_MAX, JUDGE_CEILING, JUDGE_ROOM, JUDGE_BOUNDS };

struct judge_report {
	size_t from, n;                   /* the steps simulated: y[from .. from + n) */
	size_t most_needed;               /* instances, in any step of them */
	double bound_short[JUDGE_BOUNDS]; /* shares of the steps in which it, as the
					     lowest bound, was below the need */
	double floor_cost; /* what the oracle costs over what it would without minimums */
	double *demand;    /* [n] as simulated: gaps filled */
	struct judge_row row[JUDGE_POLICIES];
	struct judge_lead lead[DEMAND_LEADS_MAX]; /* of 1 step, L/2, L, 2L; ascending */
	size_t n_leads;
	size_t own; /* index of L, the lead time of the options */
	struct judge_point risk[JUDGE_RISKS];
	struct judge_point dwell[JUDGE_DWELLS];
};

/* share of the work done, 0 to 1. */
typedef void judge_progress_fn(void *arg, double share);

/* The first step of n that is simulated; what is before it is history. */
size_t judge_from(size_t n, int64_t step_ms, size_t play);

struct judge_question {
	const double *y; /* [n] NaN: missing */
	size_t n;
	int64_t t0_ms; /* start of the first step */
	int64_t step_ms;
	struct policy_settings settings;
	size_t play;    /* steps to simulate; 0: 14 days, at most half */
	size_t running; /* instances at the start, as far as they are allowed; 0: what the
			   step before needed */
	int64_t offset_ms;                  /* of the local clock from UTC */
	const struct policy_bounds *bounds; /* [n] in force from the end of each step on;
					       NULL: the settings' alone */
	const double *capacity; /* [n] of an instance, as it was known in each step; NULL:
				   that of the settings */
	/* [n_boots] ascending steps of boots that were measured; none: all take the lead
	 * time. overdue_ms: a launch that is older counts as one that does not come; 0:
	 * none does. */
	const size_t *boots;
	size_t n_boots;
	int64_t overdue_ms;
	/* [n_events] each as it was expected when it began: the model learns demand
	 * divided by their uplift, and its forecast is multiplied by what comes. Its
	 * bands are evaluated on demand without events. The simple policies do not know
	 * them. */
	const struct uplift_event *events;
	size_t n_events;
	judge_progress_fn *progress; /* NULL: none */
	void *arg;
};

/*
 * ERR_INVAL: bad settings or values, or fewer than 20 steps to simulate after as many of
 * history. Cost about two seconds for three weeks of minutes.
 */
int judge_backtest(const struct judge_question *q, struct judge_report **ret,
		   struct err *err) MUST_CHECK;
void judge_report_free(struct judge_report *r);
DEFINE_CLEANUP(struct judge_report *, judge_report_free);

#endif
