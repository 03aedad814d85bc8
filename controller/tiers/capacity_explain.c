/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capacity_explain.c - a tier's capacity explained: notes in sentences, events, JSON.
 */
#include "capacity_state.h"

#include "calendar.h"
#include "check.h"
#include "fleet.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_MS 60000
#define RECENT_MS (24 * 3600 * 1000LL) /* how long a change is reported */
#define CAUSE_MS (2 * 3600 * 1000LL)   /* how long before it a release may be the cause */
#define FIGURE 64

const char *tier_capacity_source_name(enum tier_capacity_source s)
{
	static const char *const names[] = {
		[CAPACITY_NONE] = "none",
		[CAPACITY_DECLARED] = "declared",
		[CAPACITY_LEARNED] = "learned",
		[CAPACITY_CAUTIOUS] = "cautious",
	};

	return names[s];
}

/* "14.6/s", "1200 sessions" */
static const char *figure(const struct fleet_tier *ft, double v, char text[FIGURE])
{
	const char *unit = *ft->t.capacity_unit ? ft->t.capacity_unit : "/s";

	snprintf(text, FIGURE, "%.3g%s%.32s", v, *unit == '/' ? "" : " ", unit);
	return text;
}

/* "14:05", by the clock of the stack. */
static const char *hour(const struct fleet_tier *ft, int64_t ms, char text[FIGURE])
{
	struct tz_civil c;

	tz_civil(ft->cat ? ft->cat->zone : NULL, ms, &c);
	snprintf(text, FIGURE, "%02d:%02d", c.minute / 60, c.minute % 60);
	return text;
}

/* ---------------------------------------------------------------- notes */

static bool is_recent(const struct capacity_change *c, int64_t now_ms)
{
	return c->minute && llabs(now_ms - c->minute * MINUTE_MS) <= RECENT_MS;
}

static void describe_none(const struct tier_capacity *t, struct tier_capacity_now *ret)
{
	const char *why = t->c ? capacity_known(t->c)->why : "";

	snprintf(ret->note, sizeof(ret->note), "%s",
		 *t->unmeasured_reason ? t->unmeasured_reason
		 : *why                ? why
				       : "there is no data yet");
}

static void describe_source(const struct tier_capacity *t, const struct fleet_tier *ft,
			    struct tier_capacity_now *ret)
{
	char text[FIGURE];

	if (t->kept.source == CAPACITY_CAUTIOUS)
		snprintf(ret->note, sizeof(ret->note), ", cautious: %s",
			 capacity_known(t->c)->why);
	else if (t->kept.source == CAPACITY_LEARNED)
		snprintf(ret->note, sizeof(ret->note), ", learned");
	else if (t->kept.contradicts)
		snprintf(ret->note, sizeof(ret->note), ", declared; %s was learned",
			 figure(ft, t->kept.learned.value, text));
	else
		ret->note[0] = '\0';
}

void tier_capacity_describe(const struct tier_capacity *t, const struct fleet_tier *ft,
			    int64_t now_ms, struct tier_capacity_now *ret)
{
	const struct capacity_change *c = &t->kept.change;
	size_t n;
	char was[FIGURE], when[FIGURE];

	ret->value = t->kept.in_force;
	ret->source = tier_capacity_source_name(t->kept.source);
	if (t->kept.source == CAPACITY_NONE) {
		describe_none(t, ret);
		return;
	}
	describe_source(t, ft, ret);
	if (t->kept.source == CAPACITY_DECLARED || !is_recent(c, now_ms))
		return;
	n = strlen(ret->note);
	snprintf(ret->note + n, sizeof(ret->note) - n, "; it was %s until %s",
		 figure(ft, c->from, was), hour(ft, c->minute * MINUTE_MS, when));
}

/* ---------------------------------------------------------------- events */

static const struct db_stack *stack_of(const struct fleet *f, const char *name)
{
	for (size_t i = 0; i < f->stacks.n; i++)
		if (strcmp(f->stacks.v[i].name, name) == 0)
			return &f->stacks.v[i];
	return NULL;
}

/* "; version 12 was applied at 13:58", when that may be the cause. */
static void cause(const struct fleet *f, const struct fleet_tier *ft, int64_t since_ms,
		  char *ret, size_t size)
{
	const struct db_stack *s = stack_of(f, ft->t.stack);
	char when[FIGURE];

	*ret = '\0';
	if (s && s->applied_ms <= since_ms + MINUTE_MS &&
	    since_ms - s->applied_ms <= CAUSE_MS)
		snprintf(ret, size, "; version %lld was applied at %s",
			 (long long)s->version, hour(ft, s->applied_ms, when));
}

void tier_capacity_report_change(const struct tier_capacity *t,
				 const struct tier_capacity_round *r,
				 const struct fleet_tier *ft)
{
	const struct capacity_change *c = &t->kept.change;
	const int64_t since_ms = c->minute * MINUTE_MS;
	char now[FIGURE], was[FIGURE], when[FIGURE], why[96];

	cause(r->f, ft, since_ms, why, sizeof(why));
	event_add(r->events, "capacity-changed", DB_LEVEL_WARN,
		  EVENT_ABOUT(.stack = ft->t.stack, .tier = ft->t.name),
		  "an instance of %s has served about %s since %s; before that it served "
		  "%s%s",
		  ft->t.name, figure(ft, c->to, now), hour(ft, since_ms, when),
		  figure(ft, c->from, was), why);
}

void tier_capacity_report_contradiction(const struct tier_capacity *t,
					const struct tier_capacity_round *r,
					const struct fleet_tier *ft)
{
	const struct capacity_known *k = &t->kept.learned;
	char declared[FIGURE], learned[FIGURE], low[FIGURE], high[FIGURE];

	event_add(r->events, "capacity-contradicted", DB_LEVEL_WARN,
		  EVENT_ABOUT(.stack = ft->t.stack, .tier = ft->t.name),
		  "an instance of %s is declared to serve %s, but serves %s (%s to %s); "
		  "the declared capacity is used",
		  ft->t.name, figure(ft, ft->t.capacity, declared),
		  figure(ft, k->value, learned), figure(ft, k->low, low),
		  figure(ft, k->high, high));
}

/* ---------------------------------------------------------------- JSON */

static json_t *change_json(const struct capacity_change *c, int64_t now_ms)
{
	if (!is_recent(c, now_ms))
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "since", json_time(c->minute * MINUTE_MS),
			 "from", json_finite(c->from), "to", json_finite(c->to));
}

json_t *tier_capacity_json(const struct tier_capacity *t, int64_t now_ms)
{
	const struct capacity_known *k = &t->kept.learned;
	const bool is_known = k->model != CAPACITY_NOT_KNOWN;
	struct tier_capacity_now none;

	describe_none(t, &none);
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:I, s:s, s:o, s:o}", "used",
			 tier_capacity_source_name(t->kept.source), "value",
			 json_finite(is_known ? k->value : NAN), "low",
			 json_finite(is_known ? k->low : NAN), "high",
			 json_finite(is_known ? k->high : NAN), "model",
			 is_known ? json_string(capacity_model_name(k->model))
				  : json_null(),
			 "points",
			 (json_int_t)(is_known ? k->points
				      : t->c   ? capacity_known(t->c)->points
					       : 0),
			 "why", is_known ? k->why : none.note, "cautious",
			 json_finite(t->c ? capacity_known(t->c)->cautious : NAN),
			 "changed", change_json(&t->kept.change, now_ms));
}
