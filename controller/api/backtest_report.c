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
				      .lead_ms = now.lead_ms };
}

struct backtest_request backtest_defaults(struct request *r, const struct db_tier *t)
{
	const struct tier_now now = api_tier_now(r, t);
	struct backtest_request q = { .boot_ms = now.lead_ms,
				      .risk = t->risk_ratio,
				      .price = t->price_ratio,
				      .capacity = now.capacity };

	snprintf(q.capacity_source, sizeof(q.capacity_source), "%s", now.capacity_source);
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

static json_t *report_json(const struct judge_report *j, const struct backtest_request *q,
			   int64_t from_ms)
{
	json_t *bands = json_array(), *frontier = json_array();
	int64_t start = from_ms + (int64_t)j->from * MINUTE_MS;

	for (int k = 0; k < DEMAND_BANDS; k++)
		json_array_append_new(
			bands,
			json_pack("{s:f, s:o}", "level", demand_bands[k], "achieved",
				  json_finite(j->lead[j->own].coverage[k])));
	for (int k = 0; k < JUDGE_RISKS; k++)
		json_array_append_new(frontier,
				      json_pack("{s:f, s:o, s:o}", "risk",
						j->frontier[k].risk, "cost",
						json_finite(j->frontier[k].cost), "short",
						json_finite(j->frontier[k].short_share)));
	return json_pack("{s:o, s:o, s:o, s:i, s:I, s:o, s:o, s:f, s:s, s:o, s:o, s:o}",
			 "history_from", json_time(from_ms), "from", json_time(start),
			 "to", json_time(start + (int64_t)j->n * MINUTE_MS), "step_ms",
			 MINUTE_MS, "boot_ms", (json_int_t)q->boot_ms, "risk",
			 json_finite(q->price > 0 ? NAN : q->risk), "price",
			 json_finite(q->price > 0 ? q->price : NAN), "capacity",
			 q->capacity, "capacity_source", q->capacity_source, "policies",
			 policies_json(j), "promises", bands, "frontier", frontier);
}

int backtest_simulate(const double *y, size_t n, int64_t from_ms,
		      const struct backtest_request *q,
		      void (*progress)(void *arg, double share), void *arg, json_t **ret,
		      struct err *err)
{
	CLEANUP(judge_report_free) struct judge_report *j = NULL;
	const struct demand_opts opts = {
		.step_ms = MINUTE_MS,
		.n_leads = 1,
		.lead_steps = { (size_t)((q->boot_ms + MINUTE_MS - 1) / MINUTE_MS) },
		.risk = q->risk,
		.price = q->price,
		.capacity = q->capacity,
	};
	int rc = judge_backtest_events(y, n, from_ms, &opts,
				       (size_t)(q->play_ms / MINUTE_MS), q->events,
				       q->n_events, progress, arg, &j, err);

	if (rc == 0)
		*ret = report_json(j, q, from_ms);
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
	    jread_time_opt(report, "at", &f.at_ms, &e) < 0)
		return (struct verdict_report){ .at_ms = 0 };
	f.history_ms = to - first;
	f.played_ms = to - from;
	f.risk = number_in(report, "risk");
	f.capacity = number_in(report, "capacity");
	(void)!jread_num_opt(report, "price", &f.price, &e);
	f.optimum_hours = number_in(policy_of(report, JUDGE_ORACLE), "instance_hours");
	f.short_share = number_in(policy_of(report, JUDGE_MODEL), "short");
	f.cost = number_in(policy_of(report, JUDGE_MODEL), "cost");
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
