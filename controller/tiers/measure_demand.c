/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure_demand.c - the present demand of a tier, and which of its sources do not
 * report.
 */
#include "deciding.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "metrics.h"
#include "samples.h"
#include "utf8.h"

#include <math.h>
#include <string.h>

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)
#define LOSS_MS (10 * MINUTE_MS) /* within which a host is found to be lost */
#define ROUND_MS 2000            /* clock_cpu_ms(), for the expressions of a round */

static const struct fleet_unit *unit_of(const struct fleet *f, const char *name)
{
	for (size_t i = 0; i < f->n_units; i++)
		if (strcmp(f->units[i].u.name, name) == 0)
			return &f->units[i];
	return NULL;
}

/* Has served for longer than metrics may be late. */
static bool has_settled(const struct deciding *d, const struct fleet_unit *u)
{
	return u->u.goal == DB_GOAL_RUN && u->healthy && u->u.healthy_ms &&
	       d->in.now_ms - u->u.healthy_ms > d->in.stale_after_ms;
}

/*
 * Whether a unit of that name still is the one that reported. A name is given anew to the
 * next instance, which reports once it serves. One whose host was lost is wanted since
 * the loss, and had reported until then.
 */
static bool is_same(const struct fleet_unit *u, const struct fleet_host *h,
		    int64_t last_ms)
{
	const bool is_lost = !h || h->h.state >= DB_HOST_TERMINATING;

	return last_ms + (is_lost ? LOSS_MS : 0) >= u->u.wanted_ms;
}

/* Others serve in its place, and report what it would. */
static bool is_carried(const struct fleet_unit *u)
{
	return u->away && u->tier && (int64_t)u->tier->healthy >= u->tier->t.desired;
}

/* A drained unit is expected to be silent; so is a host that leaves. One that was lost
 * has units that will report from elsewhere. */
static bool should_report(void *arg, const char *host, const char *unit, int64_t last_ms)
{
	const struct deciding *d = arg;
	const struct fleet_host *h = fleet_host(d->f, host);
	const struct fleet_unit *u;

	if (!*unit)
		return h && h->h.state == DB_HOST_UP;
	u = unit_of(d->f, unit);
	return u && u->u.goal == DB_GOAL_RUN && !is_carried(u) &&
	       (has_settled(d, u) || is_same(u, h, last_ms));
}

static bool is_wanted(void *arg, const char *stack, const char *tier)
{
	const struct deciding *d = arg;
	const struct fleet_tier *t = fleet_tier(d->f, stack, tier);

	if (!t || t->t.desired > 0)
		return true;
	for (size_t i = 0; i < t->n_units; i++)
		if (d->f->units[t->first_unit + i].u.goal == DB_GOAL_RUN)
			return true;
	return false;
}

/*
 * Instances of its tier. They are asked for one by one: the tier is looked up once. One
 * that has not reported within the hour, as a standby, never will.
 */
static const char *sibling(void *arg, const char *unit, size_t i, bool *ret_is_new)
{
	struct deciding *d = arg;
	const struct fleet_tier *t;

	if (i == 0) {
		const struct fleet_unit *u = unit_of(d->f, unit);

		d->siblings = u ? u->tier : NULL;
	}
	t = d->siblings;
	for (size_t k = 0; t && k < t->n_units; k++) {
		const struct fleet_unit *u = &d->f->units[t->first_unit + k];

		if (!has_settled(d, u) || i-- > 0)
			continue;
		*ret_is_new = d->in.now_ms - u->u.healthy_ms < HOUR_MS;
		return u->u.name;
	}
	return NULL;
}

/* Rounded down, more the longer it is: the text is the same for a while. */
static int64_t rounded(int64_t ms)
{
	const int64_t to = ms < MINUTE_MS        ? 10000
			   : ms < 10 * MINUTE_MS ? MINUTE_MS
			   : ms < HOUR_MS        ? 10 * MINUTE_MS
						 : HOUR_MS;

	return ms / to * to;
}

static void describe_missing(struct deciding *d, const struct metrics_missing *m)
{
	char since[CLOCK_TEXT];

	clock_format_duration(rounded(d->in.now_ms - m->last_ms), since);
	if (m->is_costly)
		snprintf(d->missing, sizeof(d->missing),
			 "to find what is missing of %s takes too long", m->text);
	else if (m->is_undecided)
		snprintf(d->missing, sizeof(d->missing),
			 "to match a value with %s takes too many steps", m->text);
	else if (m->is_unread)
		snprintf(d->missing, sizeof(d->missing),
			 "the database does not tell what %s is", m->text);
	else if (m->last_ms == 0 && *m->unit)
		snprintf(d->missing, sizeof(d->missing), "no metrics from %s yet",
			 m->unit);
	else if (m->last_ms == 0)
		snprintf(d->missing, sizeof(d->missing), "no series matches %s", m->text);
	else if (*m->host)
		snprintf(d->missing, sizeof(d->missing),
			 "no metrics from %s on host %s for %s",
			 *m->unit ? m->unit : "the agent", m->host, since);
	else
		snprintf(d->missing, sizeof(d->missing), "no samples of %s for %s",
			 m->text, since);
	utf8_mend(d->missing);
}

/* Whether what is there of the demand is not more than all of it. */
static bool find_missing(struct tiers *ts, struct deciding *d)
{
	struct decide_input *in = &d->in;
	const struct metrics_agents agents = { should_report, sibling, is_wanted, d };
	struct metrics_missing m;

	if (!metrics_expr_missing(ts->db, d->t->demand, in->now_ms, &agents, &m))
		return true;
	d->missing_ms = m.last_ms ? in->now_ms - m.last_ms : INT64_MAX;
	/* All of it at once is not yet stale. */
	if (m.is_all && d->missing_ms <= in->stale_after_ms)
		return true;
	d->is_outside = !*m.host && m.last_ms;
	describe_missing(d, &m);
	in->missing = d->missing;
	return m.is_bound;
}

/* All of it is missing, and the tier's problem says why: once that is for long. */
static void note_unmeasured(struct deciding *d, const char *why, int64_t for_ms)
{
	snprintf(d->missing, sizeof(d->missing), "it is not evaluated: %.220s", why);
	utf8_mend(d->missing);
	d->missing_ms = for_ms;
	d->in.missing = d->missing;
	d->in.demand = NAN;
	d->in.demand_at_ms = 0;
}

/* The text may have changed; one that is stored may be refused since. */
static void parse(struct deciding *d)
{
	struct tier *t = d->t;
	const struct db_tier *row = &d->ft->t;
	struct err err = { 0 };

	if (t->expression && strcmp(t->expression, row->demand) == 0)
		return;
	free(t->refused);
	t->refused = NULL;
	if (metrics_expr_follow(row->demand, row->stack, row->name, &t->expression,
				&t->demand, &err) < 0) {
		t->refused = xstrdup(err.msg);
		log_warn("demand-invalid", STR("stack", row->stack),
			 STR("tier", row->name), ERR(&err));
	}
}

static enum metrics_cost cost_of(const struct tier *t)
{
	return t->demand ? metrics_expr_cost(t->demand) : METRICS_CHEAP;
}

static void note_waiting(struct deciding *d)
{
	struct tier *t = d->t;

	t->waits_ms = t->waits_ms ? t->waits_ms : d->in.now_ms;
	note_unmeasured(d,
			"it waits for its turn: expressions of tiers take long to "
			"evaluate",
			d->in.now_ms - t->waits_ms);
}

/* NaN: none, or not even its least is known. */
static void evaluate(struct tiers *ts, struct deciding *d, struct metrics_turns *turns)
{
	const enum metrics_cost cost = cost_of(d->t);
	struct decide_input *in = &d->in;
	struct err err = { 0 };
	bool is_bound;
	int rc;

	if (!metrics_turns_take(turns, d->t->demand)) {
		note_waiting(d);
		return;
	}
	is_bound = find_missing(ts, d);
	rc = metrics_expr_now(ts->db, d->t->demand, in->now_ms, &in->demand,
			      &in->demand_at_ms, &err);
	if (cost != METRICS_DEAR && cost_of(d->t) == METRICS_DEAR &&
	    (rc == ERR_LIMIT || in->missing)) {
		note_waiting(d);
		return;
	}
	d->t->turn = ts->turn;
	d->t->waits_ms = 0;
	if (rc < 0)
		note_unmeasured(d, err.msg, INT64_MAX);
	else if (!is_bound)
		in->demand = NAN;
}

static void note_measured(struct deciding *d, struct db_demand *record)
{
	struct decide_input *in = &d->in;

	d->evidence = policy_noise_sure(&d->t->noise, in->demand_at_ms,
					in->missing ? NAN : in->demand, d->ctx->tick_ms);
	*record = (struct db_demand){ d->ft->t.stack, d->ft->t.name, NAN, 0 };
	/* An expression may be below 0, which is not learned from; nor is a part. */
	if (in->now_ms - in->demand_at_ms > in->stale_after_ms || !(in->demand >= 0) ||
	    in->missing)
		return;
	/* It belongs to the minute of its newest sample, and counts once. */
	record->at_ms = MIN(in->demand_at_ms, in->now_ms);
	if (record->at_ms > d->t->measured_ms)
		record->v = in->demand;
	d->t->measured_ms = record->at_ms;
}

/* Of those that cost alike the one that was evaluated longest ago is the first. */
static int by_turn(const void *a, const void *b)
{
	const struct deciding *x = *(struct deciding *const *)a;
	const struct deciding *y = *(struct deciding *const *)b;
	const int cost = (int)cost_of(x->t) - (int)cost_of(y->t);

	if (cost != 0)
		return cost;
	if (x->t->turn != y->t->turn)
		return x->t->turn < y->t->turn ? -1 : 1;
	return (x > y) - (x < y);
}

void deciding_measure(struct tiers *ts, struct deciding *d, struct db_demand *record,
		      size_t n)
{
	CLEANUP(free) struct deciding **order = xcalloc(n + 1, sizeof(struct deciding *));
	struct metrics_turns turns;

	metrics_turns_begin(&turns, ROUND_MS);
	ts->turn++;
	for (size_t i = 0; i < n; i++) {
		order[i] = &d[i];
		d[i].in.demand = NAN;
		parse(&d[i]);
	}
	if (n > 1)
		qsort(order, n, sizeof(struct deciding *), by_turn);
	for (size_t i = 0; i < n; i++) {
		struct deciding *one = order[i];

		if (one->t->refused)
			note_unmeasured(one, one->t->refused, INT64_MAX);
		else if (one->t->demand)
			evaluate(ts, one, &turns);
		note_measured(one, &record[one - d]);
	}
}
