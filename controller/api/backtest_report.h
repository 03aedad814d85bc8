/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backtest_report.h - a backtest of a tier's own demand: the request, the report, and the
 * input of verdicts. The last report of each tier is stored in the database.
 */
#ifndef CONTROLLER_API_BACKTEST_REPORT_H
#define CONTROLLER_API_BACKTEST_REPORT_H

#include "policy.h"
#include "replay.h"
#include "request.h"
#include "uplift.h"

struct backtest_request {
	struct policy_settings settings;
	int64_t play_ms;          /* 0: the default of predictor/judge/judge.h */
	char capacity_source[16]; /* struct tier_now's, or "given" */
	bool is_learned;          /* by the tier, not declared or given */
	char follows[64]; /* struct tier_now's; played is the tier's own forecast */
	const struct uplift_event *events; /* [n_events] as they were known */
	size_t n_events;
	const struct terms *terms; /* of its minutes */
	int64_t running; /* instances at the start of what is played; < 0: not known */
};

/* Simulates y [n], minutes of demand from from_ms on, and writes the report. Pure. */
int backtest_simulate(const double *y, size_t n, int64_t from_ms,
		      const struct backtest_request *q,
		      void (*progress)(void *arg, double share), void *arg, json_t **ret,
		      struct err *err) MUST_CHECK;

/* The tier as verdicts on that mode need it, with its learned capacity and lead time. */
struct verdict_tier backtest_tier(struct request *r, const struct db_tier *t,
				  enum db_mode to);

/* Part of the report: {"mode","stateful","min","max","step_out","step_in","billing_ms",
 * "billing_min_ms","schedules","pool","pool_max"} that are played. */
json_t *backtest_played(struct request *r, const struct db_tier *t,
			enum decide_mode mode);

/* A request with the tier's own settings, in that mode. */
struct backtest_request backtest_defaults(struct request *r, const struct db_tier *t,
					  enum db_mode mode);

/* The input of a verdict from a report; all zero for null. */
struct verdict_report backtest_facts(const json_t *report);

/* {"promote","to","why"}; "to" is null for a tier that is already in auto. */
json_t *verdict_json(const struct verdict *v, enum db_mode mode);

/* The last report of the tier, with "at" and the "verdict" on its next mode; null when
 * there is none. */
json_t *backtest_json(struct request *r, const struct db_tier *t);

#endif
