/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier_json.h"

#include "check.h"
#include "clock.h"
#include "ledger_json.h"
#include "row_json.h"
#include "server.h"
#include "text.h"

#include <string.h>

static bool is_healthy(const struct db_unit *u)
{
	return strcmp(u->active, "active") == 0 &&
	       (strcmp(u->health, "passing") == 0 || strcmp(u->health, "none") == 0);
}

/* Its check fails, or its agent gave it up: it is not on its way. */
static bool is_failing(const struct db_unit *u)
{
	return strcmp(u->health, "failing") == 0 || strcmp(u->active, "failed") == 0;
}

static void count_units(json_t *doc, const struct db_unit_list *units)
{
	size_t running = 0, healthy = 0, failing = 0, draining = 0;

	for (size_t i = 0; i < units->n; i++) {
		const struct db_unit *u = &units->v[i];

		running += u->goal == DB_GOAL_RUN;
		healthy += u->goal == DB_GOAL_RUN && is_healthy(u);
		failing += u->goal == DB_GOAL_RUN && is_failing(u);
		draining += u->goal == DB_GOAL_DRAIN;
	}
	json_object_set_new(doc, "running", json_integer((json_int_t)running));
	json_object_set_new(doc, "healthy", json_integer((json_int_t)healthy));
	json_object_set_new(doc, "starting",
			    json_integer((json_int_t)(running - healthy - failing)));
	json_object_set_new(doc, "failing", json_integer((json_int_t)failing));
	json_object_set_new(doc, "draining", json_integer((json_int_t)draining));
}

static json_t *duration_json(int64_t ms)
{
	char text[CLOCK_TEXT];

	return json_string(clock_format_duration(ms, text));
}

json_t *tier_declared_json(const struct db_tier *t)
{
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:f, s:s, s:f, s:f}",
				"stack", t->stack, "name", t->name, "unit", t->unit,
				"pool", t->pool, "mode", db_mode_name(t->mode), "min",
				(json_int_t)t->min, "max", (json_int_t)t->max, "capacity",
				t->capacity, "capacity_unit", t->capacity_unit, "risk",
				t->risk_ratio, "price", t->price_ratio);
	json_t *more = json_pack("{s:o, s:o, s:f, s:I, s:I, s:b, s:I, s:o, s:f, s:I}",
				 "lead_prior", duration_json(t->lead_prior_ms), "dwell",
				 duration_json(t->dwell_ms), "action_price",
				 t->action_price, "step_out", (json_int_t)t->step_out_max,
				 "step_in", (json_int_t)t->step_in_max, "stateful",
				 t->stateful, "priority", (json_int_t)t->priority,
				 "schedules", json_of_text(t->schedule_json), "cpu",
				 t->cpu, "memory_bytes", (json_int_t)t->memory_bytes);

	json_t *learning = json_pack("{s:s, s:s, s:o, s:f}", "utilisation",
				     t->utilisation, "latency", t->latency, "latency_max",
				     duration_json(t->latency_max_ms),
				     "target_utilisation", t->target_utilisation);

	CHECK(doc && more && learning);
	json_object_update(doc, more);
	json_object_update(doc, learning);
	json_decref(more);
	json_decref(learning);
	return doc;
}

static const struct db_hold *hold_on(const struct db_hold_list *holds,
				     const struct db_tier *t)
{
	for (size_t i = 0; i < holds->n; i++)
		if (!*holds->v[i].tier || strcmp(holds->v[i].tier, t->name) == 0)
			return &holds->v[i];
	return NULL;
}

/* Before its first decision: as when nothing is known of it. */
static void add_unknown(json_t *doc, const struct db_tier *t)
{
	static const char *const of_decision[] = {
		"lead",           "capacity_learned", "events",
		"fallback_level", "fallback_reason",  "follows",
		"level",          "model_short",      "promise",
	};

	for (size_t i = 0; i < ARRAY_SIZE(of_decision); i++)
		json_object_set_new(doc, of_decision[i], json_null());
	json_object_set_new(doc, "tried", json_array());
	json_object_set_new(doc, "demand",
			    json_pack("{s:s, s:n, s:n, s:n, s:b, s:n}", "expression",
				      t->demand, "value", "at", "age_ms", "stale", 1,
				      "missing"));
}

json_t *tier_json(struct request *r, const struct db_tier *t, struct err *err)
{
	CLEANUP(db_unit_list_done) struct db_unit_list units = { NULL, 0 };
	CLEANUP(db_hold_list_done) struct db_hold_list holds = { NULL, 0 };
	CLEANUP(json_decref) json_t *live = NULL;
	const struct db_unit_filter of = { .stack = t->stack, .tier = t->name };
	const struct db_hold *hold;
	json_t *doc, *explanation, *sentence;

	if (db_unit_list(r->api->db, &of, &units, err) < 0 ||
	    db_hold_list(r->api->db, t->stack, clock_now_ms(), &holds, err) < 0)
		return NULL;
	hold = hold_on(&holds, t);
	doc = tier_declared_json(t);
	count_units(doc, &units);
	json_object_set_new(doc, "desired",
			    t->desired < 0 ? json_null() : json_integer(t->desired));
	json_object_set_new(doc, "desired_since", json_time(t->desired_since_ms));
	json_object_set_new(doc, "updated", json_time(t->updated_ms));
	add_unknown(doc, t);
	json_object_set_new(doc, "hold", hold ? hold_json(hold) : json_null());
	explanation = json_of_text(t->explanation_json);
	sentence = json_object_get(explanation, "sentence");
	json_object_set(doc, "sentence", sentence ? sentence : json_null());
	json_object_set_new(doc, "explanation", explanation);
	if (API_HOOK(r, tier_live))
		live = API_HOOK(r, tier_live)(API_HOOK(r, arg), t->stack, t->name);
	if (live)
		json_object_update(doc, live);
	if (ledger_add_kept(r->api->db, t->stack, t->name, doc, err) < 0) {
		json_decref(doc);
		return NULL;
	}
	return doc;
}
