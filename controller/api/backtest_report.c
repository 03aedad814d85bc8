/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backtest_report.h"

#include "check.h"
#include "clock.h"
#include "fnv.h"
#include "judge.h"
#include "money.h"
#include "row_json.h"
#include "samples.h"
#include "server.h"
#include "text.h"
#include "tier_lookup.h"
#include "tiers.h"

#include <math.h>
#include <string.h>

#define MINUTE_MS DB_DEMAND_STEP_MS

json_t *backtest_played(struct request *r, const struct db_tier *t, enum decide_mode mode)
{
	CLEANUP(db_pool_done) struct db_pool pool = { 0 };
	const int rc = db_pool_get(r->api->db, t->pool, &pool, NULL);
	const struct paid_terms paid = pool_paid_terms(rc == 0 ? &pool : NULL);

	return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:s, s:o}",
			 "mode", decide_mode_name(mode), "stateful", t->stateful, "min",
			 (json_int_t)t->min, "max", (json_int_t)t->max, "step_out",
			 (json_int_t)t->step_out_max, "step_in",
			 (json_int_t)t->step_in_max, "billing_ms", (json_int_t)paid.unit,
			 "billing_min_ms", (json_int_t)paid.least, "schedules",
			 json_of_text(t->schedule_json), "pool", t->pool, "pool_max",
			 rc == 0 ? json_integer(pool.max) : json_null());
}

static uint64_t digest(const json_t *played)
{
	CLEANUP(free) char *text = json_dumps(played, JSON_COMPACT | JSON_SORT_KEYS);

	return text ? fnv(FNV_START, text, strlen(text)) : 0;
}

struct verdict_tier backtest_tier(struct request *r, const struct db_tier *t,
				  enum db_mode to)
{
	CLEANUP(json_decref)
	json_t *played = backtest_played(r, t, (enum decide_mode)to);
	const struct tier_now now = api_tier_now(r, t);

	return (struct verdict_tier){ .mode = t->mode,
				      .stateful = t->stateful,
				      .risk = t->risk_ratio,
				      .price = t->price_ratio,
				      .capacity = now.capacity,
				      .action_price = t->action_price,
				      .dwell_ms = t->dwell_ms,
				      .lead_ms = now.lead_ms,
				      .terms = digest(played) };
}

struct backtest_request backtest_defaults(struct request *r, const struct db_tier *t,
					  enum db_mode mode)
{
	CLEANUP(db_pool_done) struct db_pool pool = { 0 };
	const struct tier_now now = api_tier_now(r, t);
	const int rc = db_pool_get(r->api->db, t->pool, &pool, NULL);
	struct backtest_request q = { .settings = tier_policy_settings(
					      t, rc == 0 ? &pool : NULL, now.lead_ms) };

	/* What it would do, not what it may do now. */
	q.settings.mode = (enum decide_mode)mode;
	q.settings.capacity = now.capacity;
	q.is_learned = !(t->capacity > 0);
	snprintf(q.capacity_source, sizeof(q.capacity_source), "%s", now.capacity_source);
	snprintf(q.follows, sizeof(q.follows), "%s", now.follows);
	return q;
}

static json_t *policies_json(const struct judge_report *j)
{
	json_t *list = json_array();

	for (int k = 0; k < JUDGE_POLICIES; k++) {
		const struct judge_row *w = &j->row[k];

		json_array_append_new(
			list,
			json_pack("{s:s, s:o, s:o, s:o, s:o, s:I, s:o}", "policy",
				  judge_policy_name((enum judge_policy)k),
				  "instance_hours", json_finite(w->instance_hours),
				  "cost", json_finite(w->cost), "short",
				  json_finite(w->run.short_share), "unserved",
				  json_finite(w->run.unserved_share), "actions",
				  (json_int_t)w->run.actions, "headroom",
				  json_finite(w->headroom > 0 ? w->headroom : NAN)));
	}
	return list;
}

static const char *const bound_names[JUDGE_BOUNDS] = {
	[JUDGE_MAX] = "max", [JUDGE_CEILING] = "schedule", [JUDGE_ROOM] = "room"
};

/* What it was played under and is not a setting, and what that did. */
static void add_terms(json_t *o, const struct judge_report *j, const struct terms *t)
{
	json_t *by = json_object();

	for (int k = 0; k < JUDGE_BOUNDS; k++)
		json_object_set_new(by, bound_names[k], json_real(j->bound_short[k]));
	json_object_set_new(o, "room",
			    t->room >= 0 ? json_integer(t->room) : json_null());
	json_object_set_new(o, "boots", json_integer((json_int_t)t->n_boots));
	json_object_set_new(o, "lead_spread", json_real(t->lead.spread));
	json_object_set_new(o, "capacity_from", json_time(t->learned_from_ms));
	json_object_set_new(o, "needed", json_integer((json_int_t)j->most_needed));
	json_object_set_new(o, "short_by", by);
	json_object_set_new(o, "minimum_cost", json_finite(j->floor_cost));
}

static json_t *point_json(const struct judge_point *p)
{
	return json_pack("{s:f, s:I, s:o, s:o, s:I}", "risk", p->risk, "dwell_ms",
			 (json_int_t)p->dwell_ms, "cost", json_finite(p->cost), "short",
			 json_finite(p->short_share), "actions", (json_int_t)p->actions);
}

static json_t *report_json(const struct judge_report *j, const struct backtest_request *q,
			   int64_t from_ms)
{
	json_t *bands = json_array(), *risks = json_array(), *dwells = json_array();
	const struct policy_settings *s = &q->settings;
	int64_t start = from_ms + (int64_t)j->from * MINUTE_MS;

	for (int k = 0; k < DEMAND_BANDS; k++)
		json_array_append_new(
			bands,
			json_pack("{s:f, s:o}", "level", demand_bands[k], "achieved",
				  json_finite(j->lead[j->own].coverage[k])));
	for (int k = 0; k < JUDGE_RISKS; k++)
		json_array_append_new(risks, point_json(&j->risk[k]));
	for (int k = 0; k < JUDGE_DWELLS; k++)
		json_array_append_new(dwells, point_json(&j->dwell[k]));
	return json_pack("{s:o, s:o, s:o, s:i, s:I, s:I, s:f, s:o, s:o, s:f, s:s, s:o, "
			 "s:o, s:o, s:o}",
			 "history_from", json_time(from_ms), "from", json_time(start),
			 "to", json_time(start + (int64_t)j->n * MINUTE_MS), "step_ms",
			 MINUTE_MS, "boot_ms", (json_int_t)s->lead_ms, "dwell_ms",
			 (json_int_t)s->dwell_ms, "action_price", s->action_price, "risk",
			 json_finite(s->price > 0 ? NAN : s->risk), "price",
			 json_finite(s->price > 0 ? s->price : NAN), "capacity",
			 s->capacity, "capacity_source", q->capacity_source, "policies",
			 policies_json(j), "promises", bands, "frontier", risks, "dwells",
			 dwells);
}

int backtest_simulate(const double *y, size_t n, int64_t from_ms,
		      const struct backtest_request *q,
		      void (*progress)(void *arg, double share), void *arg, json_t **ret,
		      struct err *err)
{
	CLEANUP(judge_report_free) struct judge_report *j = NULL;
	const struct judge_question question = {
		.y = y,
		.n = n,
		.t0_ms = from_ms,
		.step_ms = MINUTE_MS,
		.settings = q->settings,
		.play = (size_t)(q->play_ms / MINUTE_MS),
		.running = (size_t)MAX(q->running, INT64_C(0)),
		.offset_ms = q->terms->offset_ms,
		.bounds = q->terms->bounds,
		.capacity = q->terms->capacity,
		.boots = q->terms->boots,
		.n_boots = q->terms->n_boots,
		.overdue_ms = q->terms->lead.overdue_ms,
		.events = q->events,
		.n_events = q->n_events,
		.progress = progress,
		.arg = arg,
	};
	int rc = judge_backtest(&question, &j, err);

	if (rc < 0)
		return rc;
	*ret = report_json(j, q, from_ms);
	add_terms(*ret, j, q->terms);
	json_object_set_new(*ret, "follows",
			    *q->follows ? json_string(q->follows) : json_null());
	return 0;
}

/* ---------------------------------------------------------------- the last one */

static const json_t *policy_of(const json_t *report, enum judge_policy p)
{
	const json_t *list = json_object_get(report, "policies");

	return json_array_get(list, (size_t)p);
}

/* NaN when absent, which no verdict accepts. */
static double number_in(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

static void read_bounds(const json_t *report, struct verdict_report *f)
{
	const json_t *played = json_object_get(report, "played");
	const json_t *by = json_object_get(report, "short_by");
	const char *mode = json_string_value(json_object_get(played, "mode"));
	const json_t *room = json_object_get(report, "room");

	f->terms = digest(played);
	f->mode = (enum db_mode)(mode ? db_mode_from_name(mode) : 0);
	f->max = json_integer_value(json_object_get(played, "max"));
	f->room = json_is_integer(room) ? json_integer_value(room) : -1;
	f->needed = json_integer_value(json_object_get(report, "needed"));
	f->floor_cost = number_in(report, "minimum_cost");
	for (int k = 0; k < JUDGE_BOUNDS; k++)
		f->bound_short[k] = number_in(by, bound_names[k]);
}

struct verdict_report backtest_facts(const json_t *report)
{
	struct verdict_report f = { .at_ms = 0 };
	int64_t first = 0, from = 0, to = 0;
	struct err e;

	if (jread_time_opt(report, "history_from", &first, &e) < 0 ||
	    jread_time_opt(report, "from", &from, &e) < 0 ||
	    jread_time_opt(report, "to", &to, &e) < 0 ||
	    jread_int_opt(report, "boot_ms", &f.boot_ms, &e) < 0 ||
	    jread_int_opt(report, "dwell_ms", &f.dwell_ms, &e) < 0 ||
	    jread_time_opt(report, "at", &f.at_ms, &e) < 0)
		return (struct verdict_report){ .at_ms = 0 };
	f.history_ms = to - first;
	f.played_ms = to - from;
	f.risk = number_in(report, "risk");
	f.capacity = number_in(report, "capacity");
	f.action_price = number_in(report, "action_price");
	(void)!jread_num_opt(report, "price", &f.price, &e);
	f.optimum_hours = number_in(policy_of(report, JUDGE_ORACLE), "instance_hours");
	f.short_share = number_in(policy_of(report, JUDGE_OURS), "short");
	f.cost = number_in(policy_of(report, JUDGE_OURS), "cost");
	f.reactive_short = number_in(policy_of(report, JUDGE_REACTIVE), "short");
	f.reactive_cost = number_in(policy_of(report, JUDGE_REACTIVE), "cost");
	read_bounds(report, &f);
	return f;
}

json_t *verdict_json(const struct verdict *v, enum db_mode mode)
{
	return json_pack("{s:b, s:s?, s:s}", "promote", v->promote, "to",
			 mode == DB_MODE_AUTO ? NULL : db_mode_name(v->to), "why",
			 v->why);
}

json_t *backtest_json(struct request *r, const struct db_tier *t)
{
	CLEANUP(db_backtest_done) struct db_backtest last = { .tier = NULL };
	const enum db_mode next = verdict_next(t->mode);
	const struct verdict_tier now = backtest_tier(r, t, next);
	struct verdict_report facts;
	struct verdict v;
	struct err e;
	json_t *doc;

	if (db_backtest_get(r->api->db, t->stack, t->name, &last, &e) < 0)
		return json_null();
	doc = json_of_text(last.report_json);
	facts = backtest_facts(doc);
	verdict_give(&now, &facts, next, clock_now_ms(), &v);
	json_object_set_new(doc, "verdict", verdict_json(&v, t->mode));
	return doc;
}
