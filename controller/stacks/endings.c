/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * endings.c - which instances a lower maximum ends.
 */
#include "change_list.h"
#include "check.h"
#include "names.h"
#include "tier_calendar.h"
#include "warnings.h"

#include <string.h>

/* The most instances that a tier may have now, and which schedule says so. */
struct most {
	int64_t n;
	char schedule[64]; /* "": its maximum */
};

static int find_most(const struct db_tier *t, const struct tz *zone, int64_t now_ms,
		     struct most *ret, struct err *err)
{
	CLEANUP(calendar_done) struct calendar c = { 0 };
	struct calendar_bounds b;
	int64_t least;
	int rc = tier_calendar(t, &c, err);

	if (rc < 0)
		return rc;
	calendar_bounds(&c, zone, now_ms, 0, &b);
	least = MIN(MAX(t->min, b.floor), t->max);
	*ret = (struct most){ .n = t->max };
	if (b.ceiling >= 0 && b.ceiling < t->max) {
		ret->n = MAX(b.ceiling, least);
		snprintf(ret->schedule, sizeof(ret->schedule), "%s", b.ceiling_name);
	}
	return 0;
}

static int count_running(struct db *db, const struct db_tier *t, int64_t *ret,
			 struct err *err)
{
	CLEANUP(db_unit_list_done) struct db_unit_list units = { NULL, 0 };
	const struct db_unit_filter of = { .stack = t->stack, .tier = t->name };
	int rc = db_unit_list(db, &of, &units, err);

	*ret = 0;
	for (size_t i = 0; rc == 0 && i < units.n; i++)
		*ret += units.v[i].goal == DB_GOAL_RUN;
	return rc;
}

static int find_hold(struct db *db, const struct db_tier *t, int64_t now_ms, bool *ret,
		     struct err *err)
{
	CLEANUP(db_hold_list_done) struct db_hold_list holds = { NULL, 0 };
	int rc = db_hold_list(db, t->stack, now_ms, &holds, err);

	*ret = false;
	for (size_t i = 0; rc == 0 && i < holds.n; i++)
		*ret |= !*holds.v[i].tier || strcmp(holds.v[i].tier, t->name) == 0;
	return rc;
}

static void add_ending(json_t *to, const struct db_tier *t, const struct most *most,
		       int64_t running, bool is_held)
{
	const int64_t ended = running - most->n;
	CLEANUP(free) char *why = NULL;
	CLEANUP(free) char *detail = NULL;

	why = *most->schedule ? xasprintf("schedule '%s' allows at most", most->schedule)
			      : xstrdup("the new maximum is");
	detail = xasprintf("%lld instances run, %s %lld: %lld %s ended%s",
			   (long long)running, why, (long long)most->n, (long long)ended,
			   ended == 1 ? "is" : "are",
			   is_held ? " when the hold on it ends" : "");
	change_list_add(to, "end", "tier", t->name, detail);
}

static int add_endings_of(struct db *db, const struct db_tier *was,
			  const struct db_tier *t, const struct tz *zone, int64_t now_ms,
			  json_t *to, struct err *err)
{
	struct most before = { 0 }, after = { 0 };
	int64_t running = 0;
	bool is_held = false;
	int rc = find_most(was, zone, now_ms, &before, err);

	if (rc == 0)
		rc = find_most(t, zone, now_ms, &after, err);
	if (rc < 0 || after.n >= before.n)
		return rc;
	rc = count_running(db, t, &running, err);
	if (rc == 0)
		rc = find_hold(db, t, now_ms, &is_held, err);
	if (rc == 0 && running > after.n)
		add_ending(to, t, &after, running, is_held);
	return rc;
}

int stack_add_endings(struct db *db, const struct stack_file *s, int64_t now_ms,
		      json_t *changes, struct err *err)
{
	CLEANUP(db_tier_list_done) struct db_tier_list old = { NULL, 0 };
	CLEANUP(tz_free) struct tz *zone = NULL;
	int rc = db_tier_list(db, s->name, &old, err);

	if (rc == 0)
		rc = tz_open(s->timezone, &zone, err);
	for (size_t i = 0; rc == 0 && i < s->tiers.n; i++) {
		const struct db_tier *was = stack_tier_in(&old, s->tiers.v[i].name);

		if (was)
			rc = add_endings_of(db, was, &s->tiers.v[i], zone, now_ms,
					    changes, err);
	}
	return rc;
}

int stack_tier_add_endings(struct db *db, const struct db_tier *t, int64_t now_ms,
			   json_t *changes, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack stack = { .name = NULL };
	CLEANUP(db_tier_done) struct db_tier was = { .name = NULL };
	CLEANUP(tz_free) struct tz *zone = NULL;
	int rc = db_stack_get(db, t->stack, &stack, err);

	if (rc == 0)
		rc = tz_open(stack.timezone, &zone, err);
	if (rc == 0)
		rc = db_tier_get(db, t->stack, t->name, &was, err);
	return rc < 0 ? rc : add_endings_of(db, &was, t, zone, now_ms, changes, err);
}
