/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verdict.h"

#include "clock.h"
#include "utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define STEP_MS (60 * 1000LL) /* of the simulated demand */
#define DRIFT 0.25            /* of the lead time: learned values vary a little */
#define CAPACITY_DRIFT 0.1    /* the same of a capacity */
#define ROUNDING 0.005        /* costs that print alike are equal */
#define PLAYED_MS (24 * 3600 * 1000LL) /* the least backtested time */
#define Z95 1.645                      /* of the normal distribution */
#define DAYS(ms) ((double)(ms) / (24 * 3600 * 1000.0))

enum db_mode verdict_next(enum db_mode mode)
{
	return mode == DB_MODE_OBSERVE ? DB_MODE_OUT : DB_MODE_AUTO;
}

static void set_reason(struct verdict *v, bool promote, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void set_reason(struct verdict *v, bool promote, const char *fmt, ...)
{
	va_list ap;

	v->promote = promote;
	va_start(ap, fmt);
	vsnprintf(v->why, sizeof(v->why), fmt, ap);
	va_end(ap);
	utf8_mend(v->why);
}

/* What of the settings has no member of its own here. */
static bool is_same_play(const struct verdict_tier *t, const struct verdict_report *r)
{
	return r->terms == t->terms;
}

static bool is_of_tier(const struct verdict_tier *t, const struct verdict_report *r)
{
	int64_t apart = llabs(r->boot_ms - t->lead_ms);

	return is_same_play(t, r) && fabs(r->price - t->price) <= 1e-9 &&
	       r->dwell_ms == t->dwell_ms &&
	       fabs(r->action_price - t->action_price) <= 1e-9 &&
	       (t->price > 0 || fabs(r->risk - t->risk) <= 1e-9) &&
	       fabs(r->capacity - t->capacity) <= CAPACITY_DRIFT * t->capacity &&
	       (apart <= STEP_MS || (double)apart <= DRIFT * (double)t->lead_ms);
}

bool verdict_is_fresh(const struct verdict_tier *t, const struct verdict_report *r,
		      int64_t now_ms)
{
	return r->at_ms > 0 && now_ms - r->at_ms <= VERDICT_FRESH_MS && is_of_tier(t, r);
}

/* Reasons that no backtest result can change. */
static bool is_settled(const struct verdict_tier *t, enum db_mode to, struct verdict *v)
{
	if (to <= t->mode)
		set_reason(v, false, "the tier is in mode %s already",
			   db_mode_name(t->mode));
	else if (t->stateful && to == DB_MODE_AUTO)
		set_reason(v, false, "a stateful tier is not scaled in automatically");
	else
		return false;
	return true;
}

/* Days, rounded down to tenths: too few must not be printed as enough. */
static double tenths(int64_t ms)
{
	return floor(10 * DAYS(ms)) / 10;
}

static bool is_no_measure(const struct verdict_tier *t, const struct verdict_report *r,
			  enum db_mode to, int64_t now_ms, struct verdict *v)
{
	const int64_t enough = to == DB_MODE_AUTO ? VERDICT_AUTO_MS : VERDICT_OUT_MS;
	char age[CLOCK_TEXT];

	if (r->at_ms == 0)
		set_reason(v, false, "there is no backtest yet");
	else if (!is_of_tier(t, r))
		set_reason(v, false, "the backtest used another %s than the tier has now",
			   is_same_play(t, r) ? "risk, price, action price, dwell, "
						"capacity or lead time"
					      : "mode, minimum, maximum, schedule, step "
						"or pool");
	else if (now_ms - r->at_ms > VERDICT_FRESH_MS)
		set_reason(v, false, "the backtest is stale, made %s ago",
			   clock_format_duration((now_ms - r->at_ms) / STEP_MS * STEP_MS,
						 age));
	else if (r->history_ms < enough)
		set_reason(v, false,
			   "there are %.1f days of history, and mode %s requires %.0f",
			   tenths(r->history_ms), db_mode_name(to), DAYS(enough));
	else if (r->played_ms < PLAYED_MS)
		set_reason(v, false,
			   "the backtest covers only %.1f days, and %.0f is required",
			   tenths(r->played_ms), DAYS(PLAYED_MS));
	else
		return false;
	return true;
}

/*
 * The share of time short of capacity that chance allows; each shortage lasts a lead
 * time.
 */
static double allowed(const struct verdict_report *r)
{
	const double windows = (double)r->played_ms / (double)(r->boot_ms + STEP_MS);

	return r->risk + Z95 * sqrt(r->risk * (1 - r->risk) / windows);
}

/* "short of capacity 0.31 % of the time, with at most 0.5 % promised" */
static void describe_short_time(const struct verdict_report *r, char *ret, size_t size)
{
	char chance[64] = "";

	if (r->short_share > r->risk)
		snprintf(chance, sizeof(chance), " (up to %.2f %% is within chance)",
			 100 * allowed(r));
	snprintf(ret, size,
		 "short of capacity %.2f %% of the time, with at most %g %% promised%s",
		 100 * r->short_share, 100 * r->risk, chance);
}

#define SHORT_NAMED 0.005 /* a bound that keeps it short for longer is named */
#define COSTLY 1.1        /* minimums that cost as much are named */

/* The bound that kept it short for longest. */
static enum judge_bound main_bound(const struct verdict_report *r)
{
	enum judge_bound by = JUDGE_MAX;

	for (int k = 0; k < JUDGE_BOUNDS; k++)
		if (r->bound_short[k] > r->bound_short[by])
			by = (enum judge_bound)k;
	return by;
}

/* "its maximum of 2 leaves it short 81 % of the time; 18 are needed at most" */
static void describe_bound(const struct verdict_report *r, char *ret, size_t size)
{
	const enum judge_bound by = main_bound(r);
	const double percent = 100 * r->bound_short[by];
	char what[64];

	if (by == JUDGE_MAX)
		snprintf(what, sizeof(what), "its maximum of %lld leaves",
			 (long long)r->max);
	else if (by == JUDGE_ROOM)
		snprintf(what, sizeof(what), "its pool, with room for %lld, leaves",
			 (long long)r->room);
	else
		snprintf(what, sizeof(what), "its schedules leave");
	snprintf(ret, size, "%s it short %.*f %% of the time; %lld are needed at most",
		 what, percent >= 10 ? 0 : 2, percent, (long long)r->needed);
}

/* What makes the cost that of the tier, not of the policy. */
static void describe_cost(const struct verdict_report *r, char *ret, size_t size)
{
	size_t n = 0;

	ret[0] = '\0';
	if (r->mode == DB_MODE_OUT)
		n = (size_t)snprintf(ret, size,
				     ", as nothing is scaled in in mode out, by "
				     "reactive scaling neither");
	if (r->floor_cost > COSTLY && n < size)
		snprintf(ret + n, size - n,
			 "; its minimum alone costs %.2f times what demand needs",
			 r->floor_cost);
}

/* Where nothing is scaled in, the one highest moment makes the cost of all that follows:
 * an instance more or less of it is chance. */
static double cost_chance(const struct verdict_report *r)
{
	if (r->mode != DB_MODE_OUT || r->needed <= 0)
		return ROUNDING;
	return fmax(ROUNDING, r->reactive_cost / (double)r->needed);
}

/*
 * Whether the risk target was met, at no higher cost than reactive scaling that met it
 * too.
 */
static void judge_risk(const struct verdict_report *r, struct verdict *ret)
{
	char short_time[160], peer[96], bound[160], cost[160];

	describe_short_time(r, short_time, sizeof(short_time));
	snprintf(peer, sizeof(peer), "reactive: %.2f, short %.2f %%", r->reactive_cost,
		 100 * r->reactive_short);
	describe_bound(r, bound, sizeof(bound));
	describe_cost(r, cost, sizeof(cost));
	if (r->bound_short[main_bound(r)] > allowed(r))
		set_reason(ret, false, "%s", bound);
	else if (!(r->short_share <= allowed(r)))
		set_reason(ret, false, "it would have been %s", short_time);
	else if (r->reactive_short <= allowed(r) &&
		 r->cost > r->reactive_cost + cost_chance(r))
		set_reason(ret, false,
			   "it would have cost more than reactive scaling, which met the "
			   "risk "
			   "too: %.2f times the least possible cost (%s)%s",
			   r->cost, peer, cost);
	else
		set_reason(ret, true, "%s, at %.2f times the least possible cost (%s)%s",
			   short_time, r->cost, peer, cost);
}

/*
 * Cost of instances and of minutes short of capacity, relative to the optimum, which has
 * none of the latter.
 */
static double total(const struct verdict_report *r, double cost, double short_share)
{
	const double minutes = short_share * (double)r->played_ms / STEP_MS;

	return cost + r->price * minutes / r->optimum_hours;
}

static void judge_price(const struct verdict_report *r, struct verdict *ret)
{
	const double own = total(r, r->cost, r->short_share);
	const double peer = total(r, r->reactive_cost, r->reactive_short);
	const bool is_cheaper = own <= peer + cost_chance(r);
	char bound[160] = "", cost[160];

	if (r->bound_short[main_bound(r)] > SHORT_NAMED)
		describe_bound(r, bound, sizeof(bound));
	describe_cost(r, cost, sizeof(cost));

	set_reason(
		ret, is_cheaper,
		"%s %.2f times the least possible cost, with a minute short of capacity "
		"priced at %g instance-hours (reactive: %.2f); short of capacity %.2f %% "
		"of "
		"the time%s%s%s",
		is_cheaper ? "it would have cost"
			   : "more expensive than reactive scaling, at",
		own, r->price, peer, 100 * r->short_share, cost, *bound ? "; " : "",
		bound);
}

void verdict_give(const struct verdict_tier *t, const struct verdict_report *r,
		  enum db_mode to, int64_t now_ms, struct verdict *ret)
{
	*ret = (struct verdict){ .to = to };
	if (is_settled(t, to, ret) || is_no_measure(t, r, to, now_ms, ret))
		return;
	if (r->price > 0)
		judge_price(r, ret);
	else
		judge_risk(r, ret);
}
