/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backtest_report.h"

#include "check.h"
#include "clock.h"
#include "judge.h"
#include "row_json.h"
#include "samples.h"
#include "server.h"
#include "text.h"
#include "tier_lookup.h"
#include "tiers.h"

#include <math.h>

#define MINUTE_MS DB_DEMAND_STEP_MS

struct verdict_tier backtest_tier(struct request *r, const struct db_tier *t)
{
	const struct tier_now now = api_tier_now(r, t);

	return (struct verdict_tier){ .mode = t->mode,
				      .stateful = t->stateful,
				      .risk = t->risk_ratio,
				      .price = t->price_ratio,
				      .capacity = now.capacity,
				      .action_price = t->action_price,
				      .dwell_ms = t->dwell_ms,
				      .lead_ms = now.lead_ms };
}

struct backtest_request backtest_defaults(struct request *r, const struct db_tier *t)
{
	CLEANUP(db_pool_done) struct db_pool pool = { 0 };
	const struct tier_now now = api_tier_now(r, t);
	const int rc = db_pool_get(r->api->db, t->pool, &pool, NULL);
	struct backtest_request q = { .settings = tier_policy_settings(
					      t, rc == 0 ? &pool : NULL, now.lead_ms) };

	/* What it would do, not what it may do now. */
	q.settings.mode = DECIDE_AUTO;
	q.settings.capacity = now.capacity;
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
		.events = q->events,
		.n_events = q->n_events,
		.progress = progress,
		.arg = arg,
	};
	int rc = judge_backtest(&question, &j, err);

	if (rc == 0) {
		*ret = report_json(j, q, from_ms);
		json_object_set_new(*ret, "follows",
				    *q->follows ? json_string(q->follows) : json_null());
	}
	return rc;
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
	const struct verdict_tier now = backtest_tier(r, t);
	struct verdict_report facts;
	struct verdict v;
	struct err e;
	json_t *doc;

	if (db_backtest_get(r->api->db, t->stack, t->name, &last, &e) < 0)
		return json_null();
	doc = json_of_text(last.report_json);
	facts = backtest_facts(doc);
	verdict_give(&now, &facts, verdict_next(t->mode), clock_now_ms(), &v);
	json_object_set_new(doc, "verdict", verdict_json(&v, t->mode));
	return doc;
}
