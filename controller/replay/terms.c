/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "terms.h"

#include "calendar.h"
#include "check.h"
#include "samples.h"
#include "stacks.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS DB_DEMAND_STEP_MS
#define LATEST 50 /* boots */

void terms_done(struct terms *t)
{
	free(t->boots);
	free(t->room_name);
	free(t->bounds);
	free(t->capacity);
	*t = (struct terms){ 0 };
}

static size_t minutes_of(int64_t ms)
{
	return (size_t)((MAX(ms, INT64_C(0)) + MINUTE_MS - 1) / MINUTE_MS);
}

static int by_length(const void *a, const void *b)
{
	const size_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int read_boots(struct db *db, const struct db_tier *t, struct terms *ret,
		      struct err *err)
{
	CLEANUP(db_lead_list_done) struct db_lead_list l = { 0 };
	const struct db_lead_filter latest = {
		.stack = t->stack, .tier = t->name, .kind = "tier", .limit = LATEST
	};
	int rc = lead_read(db, t, &ret->lead, err);

	if (rc == 0)
		rc = db_lead_list(db, &latest, &l, err);
	if (rc < 0 || ret->lead.prior)
		return rc;
	ret->boots = xcalloc(l.n, sizeof(*ret->boots));
	for (size_t i = 0; i < l.n; i++)
		ret->boots[ret->n_boots++] = minutes_of(l.v[i].lead_ms);
	qsort(ret->boots, ret->n_boots, sizeof(*ret->boots), by_length);
	return 0;
}

/* ret [n]: of each minute, as far as it was recorded. */
static int read_recorded(struct db *db, const struct db_tier *t, int64_t from_ms,
			 double *ret, size_t n, struct err *err)
{
	const struct db_matcher of_tier[] = { { "stack", DB_MATCH_EQ, t->stack },
					      { "tier", DB_MATCH_EQ, t->name } };
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	const int64_t *ids;
	size_t n_ids;
	int rc = db_selector_new("foretide_capacity", of_tier, ARRAY_SIZE(of_tier), &s,
				 err);

	for (size_t i = 0; i < n; i++)
		ret[i] = NAN;
	if (rc == 0)
		rc = db_selector_ids(db, s, &ids, &n_ids, err);
	if (rc < 0)
		return rc;
	return n_ids ? db_samples_range(db, ids[0], from_ms, MINUTE_MS, DB_AGG_LAST, ret,
					n, err)
		     : 0;
}

static int read_capacity(struct db *db, const struct db_tier *t, int64_t from_ms,
			 size_t n, struct terms *ret, struct err *err)
{
	double last = t->capacity;
	int rc;

	ret->capacity = xcalloc(n, sizeof(*ret->capacity));
	rc = read_recorded(db, t, from_ms, ret->capacity, n, err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (ret->capacity[i] > 0) {
			last = ret->capacity[i];
			if (ret->learned_from_ms == 0)
				ret->learned_from_ms = from_ms + (int64_t)i * MINUTE_MS;
		}
		ret->capacity[i] = last;
	}
	return rc;
}

static int read_bounds(const struct fleet_tier *ft, const struct db_tier *t,
		       int64_t from_ms, size_t n, struct terms *ret, struct err *err)
{
	CLEANUP(json_decref) json_t *schedules = NULL;
	CLEANUP(calendar_done) struct calendar c = { 0 };
	const struct tz *zone = ft && ft->cat ? ft->cat->zone : NULL;
	int rc = 0;

	if (t->schedule_json && *t->schedule_json)
		rc = json_parse(t->schedule_json, strlen(t->schedule_json), "schedules",
				&schedules, err);
	if (rc == 0)
		rc = calendar_parse(schedules, &c, err);
	if (rc < 0)
		return rc;
	ret->bounds = xcalloc(n, sizeof(*ret->bounds));
	policy_schedule_bounds(&c, zone, from_ms, MINUTE_MS, n, ret->lead.used_ms,
			       ret->bounds);
	for (size_t i = 0; i < n; i++)
		ret->bounds[i].budget = ret->room;
	ret->offset_ms = tz_offset_ms(zone, from_ms + (int64_t)n * MINUTE_MS);
	return 0;
}

int terms_read(struct db *db, struct fleet *f, const struct db_tier *t, bool is_learned,
	       int64_t from_ms, size_t n, struct terms *ret, struct err *err)
{
	const struct fleet_tier *ft = fleet_tier(f, t->stack, t->name);
	int rc = read_boots(db, t, ret, err);

	ret->room = ft ? place_most(f, ft) : -1;
	ret->room_name = xasprintf("pool %s", t->pool);
	if (rc == 0 && is_learned)
		rc = read_capacity(db, t, from_ms, n, ret, err);
	return rc == 0 ? read_bounds(ft, t, from_ms, n, ret, err) : rc;
}

int terms_start(struct db *db, const struct db_tier *t, int64_t at_ms, int64_t *ret,
		struct err *err)
{
	CLEANUP(db_decision_list_done) struct db_decision_list l = { 0 };
	const struct db_page before = {
		.stack = t->stack, .tier = t->name, .until_ms = at_ms + 1, .limit = 1
	};
	int rc = db_decision_list(db, &before, &l, err);

	if (rc == 0)
		*ret = l.n ? l.v[0].to : -1;
	return rc;
}

struct fleet_terms terms_of_fleet(const struct terms *t, const struct policy_settings *s)
{
	return (struct fleet_terms){
		.capacity = t->capacity ? t->capacity[0] : s->capacity,
		.lead = minutes_of(t->lead.used_ms),
		.paid = policy_paid_terms(s, MINUTE_MS),
		.boots = t->boots,
		.n_boots = t->n_boots,
		.overdue = minutes_of(t->lead.overdue_ms),
	};
}
