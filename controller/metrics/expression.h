/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expression.h - demand expressions over the recorded series.
 *
 *	sum(rate(haproxy_frontend_http_requests_total{proxy="web"}))
 *	sum(phpfpm_active_processes{tier="web"}) / 2 + 1
 *	avg(unit_cpu_ratio{unit=~"web@.*",mode!="idle"})
 *
 * A part is sum, avg, min, max or count over the series of a selector, or over their
 * rate(); parts and numbers are joined with + - * / and parentheses. Labels match as in
 * Prometheus: = != =~ !~. A selector without a stack label matches the tier's own stack.
 * rate() is for counters, over the last minute or the given time: rate(NAME{...}[2m]).
 *
 * prometheus(URL, QUERY), alone, is what prometheus_query.h has fetched from there.
 *
 * Rates are per real second, corrected for counter resets; what a new series counted
 * before its first sample is estimated from its first rate. A series that ends is
 * included up to its last sample; a late sample corrects the next result. One thread at a
 * time may use an expression.
 */
#ifndef CONTROLLER_METRICS_EXPRESSION_H
#define CONTROLLER_METRICS_EXPRESSION_H

#include "cleanup.h"
#include "db.h"
#include "err.h"
#include "samples.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where prometheus() demands are stored: NAME{stack=,tier=,query=,series=}: a hash of URL
 * and query, and the labels of one series of the answer, as text. */
#define METRICS_PROMETHEUS_SERIES DB_ANSWER_NAME
#define METRICS_PROMETHEUS_LABEL "series"

/*
 * What an expression may be, and what one evaluation may cost. A step is a look at one
 * series of one term.
 */
#define METRICS_EXPR_MAX_BYTES 8192
#define METRICS_EXPR_MAX_TERMS 100
#define METRICS_EXPR_MAX_STEPS 4000000
#define METRICS_EXPR_MAX_MS 1000        /* of the thread's computing, clock_cpu_ms() */
#define METRICS_RANGE_TIMES 10          /* as long a range may take */
#define METRICS_EXPR_MAX_SOURCES 200000 /* series of all terms that are waited for */

/* The hash; text holds METRICS_QUERY_TEXT. */
#define METRICS_QUERY_TEXT 17
const char *metrics_query_mark(const char *url, const char *query,
			       char text[METRICS_QUERY_TEXT]);

struct metrics_expr;

/*
 * stack, tier: whose demand it is ("" and "": no default label, prometheus() rejected).
 * ERR_INVAL with the column and what is expected there; ERR_LIMIT for one that is too
 * long, or whose regular expression is.
 */
int metrics_expr_parse(const char *text, const char *stack, const char *tier,
		       struct metrics_expr **ret, struct err *err) MUST_CHECK;
void metrics_expr_free(struct metrics_expr *e);
DEFINE_CLEANUP(struct metrics_expr *, metrics_expr_free);

/*
 * Keeps *e the parsed form of a text that may change: parses it when it differs from
 * *known. *e is NULL for "" and for invalid text. The caller owns both and initialises
 * them to NULL.
 */
int metrics_expr_follow(const char *text, const char *stack, const char *tier,
			char **known, struct metrics_expr **e,
			struct err *err) MUST_CHECK;

/* URL and query of a prometheus(), owned by the expression; else false. */
bool metrics_expr_prometheus(const struct metrics_expr *e, const char **ret_url,
			     const char **ret_query);

/*
 * The value at now_ms and the time of the newest sample in it (of the staler side, when
 * there are several parts). NaN when no series matches or the newest sample is over 5 min
 * old; *ret_at_ms is then that sample's time, or 0 when there never was one. Reads memory
 * only: some microseconds per series. ERR_LIMIT and NaN when it would take more than
 * METRICS_EXPR_MAX_STEPS or METRICS_EXPR_MAX_MS.
 */
int metrics_expr_now(struct db *db, struct metrics_expr *e, int64_t now_ms, double *ret,
		     int64_t *ret_at_ms, struct err *err) MUST_CHECK;

/* How long that took last, as clock_cpu_ms(); -1: it was not asked for yet. One over
 * METRICS_DEAR_MS waits for its turn when others have taken a round's time. */
#define METRICS_DEAR_MS 20
int64_t metrics_expr_cost_ms(const struct metrics_expr *e);
/* Another maximum than METRICS_EXPR_MAX_MS. */
void metrics_expr_limit(struct metrics_expr *e, int64_t max_ms);

/*
 * Which part of an expression is missing: a series that reported and has stopped, or a
 * selector that nothing matches, beside others.
 *
 * A series is late when it has been silent for half as long again as the longest of its
 * latest pauses, at least for METRICS_LATE_MS and at most for METRICS_LATE_MAX_MS, which
 * is also the time of one without a pause yet. It is missing until it reports again, a
 * person ends it (db_series_end()), or it has been silent for METRICS_WAIT_MS. One of an
 * agent is missing only while is_expected() says that its unit (or, without one, its
 * host) should report, no other series of that unit does, and it has not done so from
 * another host since: drained ones are silent too. One of a
 * server's answer is ended once others replace it (promstore_add()).
 *
 * A selector that nothing matches is waited for as long, from the first time that this
 * was asked; not at all while its tier="..." names one of which nothing is_wanted().
 *
 * A unit that has not reported yet and is new is missing when more than half of those
 * that sibling() names beside one that reports do.
 *
 * metrics_expr_now() leaves a term out of a sum from then on of which nothing reports:
 * what is there is a lower bound. Where it would not be one, below the bar of a fraction,
 * after a minus or within min() or avg(), is_bound is false.
 *
 * While the database cannot tell what a series is, its part is missing: is_unread. So
 * is one that takes more than METRICS_EXPR_MAX_STEPS or METRICS_EXPR_MAX_MS, with all
 * after it, and what comes after METRICS_EXPR_MAX_SOURCES; and one with a value that a
 * regular expression cannot be matched with: metrics_expr_now() leaves that series out
 * from then on, and fails when this was not asked.
 */
#define METRICS_LATE_MS 15000      /* calendar */
#define METRICS_LATE_MAX_MS 300000 /* calendar; then a gauge is not used either */
#define METRICS_WAIT_MS 604800000  /* calendar: 7 d */

struct metrics_missing {
	const char *host, *unit; /* of an agent; else "", "" */
	const char *text;        /* requests{source="b"}; "": of a unit */
	int64_t last_ms;         /* its newest sample; 0: there never was one */
	size_t n;                /* units and series that are missing */
	bool is_bound;           /* the rest is not more than the whole */
	bool is_all;             /* no series reports: it is not a part */
	bool is_unread;          /* it was not found out which series they are */
	bool is_costly;          /* because that takes too many steps */
	bool is_undecided;       /* because matching one value takes too many */
};

struct metrics_agents {
	/* last_ms: its newest sample from there. */
	bool (*is_expected)(void *arg, const char *host, const char *unit,
			    int64_t last_ms);
	/* The i-th unit that should report as this one does; NULL after the last. */
	const char *(*sibling)(void *arg, const char *unit, size_t i, bool *ret_is_new);
	/* Whether the tier is to have instances, or is none of ours. */
	bool (*is_wanted)(void *arg, const char *stack, const char *tier);
	void *arg;
};

/* The one that has been silent longest; false: none is missing. Valid until the
 * expression is asked again. Memory only. agents: NULL: none should report. */
bool metrics_expr_missing(struct db *db, struct metrics_expr *e, int64_t now_ms,
			  const struct metrics_agents *agents,
			  struct metrics_missing *ret);

/*
 * n values, the i-th the mean over [from + i * step, from + (i + 1) * step); NaN where
 * there is no data. ERR_LIMIT after METRICS_RANGE_TIMES as
 * long as metrics_expr_now() may take.
 */
int metrics_expr_range(struct db *db, struct metrics_expr *e, int64_t from_ms,
		       int64_t step_ms, double *out, size_t n,
		       struct err *err) MUST_CHECK;

#endif
