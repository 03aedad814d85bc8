/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const step_names[REPORT_STEPS] = {
	[REPORT_KILL] = "kill-host",
	[REPORT_CUT] = "cut-host",
	[REPORT_STOP] = "stop-controller",
};

json_t *report_plan(const struct drill_request *q, const char *host, const json_t *units)
{
	json_t *steps = json_array();

	for (int i = 0; i < REPORT_STEPS; i++) {
		json_t *s = json_pack("{s:s, s:s}", "step", step_names[i], "state",
				      "waiting");

		if (i == REPORT_KILL) {
			json_object_set_new(s, "host", json_string(host));
			json_object_set_new(s, "units", json_deep_copy(units));
		}
		json_array_append_new(steps, s);
	}
	return json_pack("{s:s, s:s?, s:I, s:n, s:n, s:o, s:[]}", "owner", q->owner,
			 "window", q->window, "for_ms", (json_int_t)q->for_ms, "why",
			 "held", "steps", steps, "log");
}

static void store(struct report *r)
{
	struct err err;

	free(r->row.report_json);
	r->row.report_json = json_dumps(r->doc, JSON_COMPACT);
	CHECK(r->row.report_json);
	if (db_drill_put(r->o->db, &r->row, &err) < 0)
		log_warn("drill-not-recorded", ERR(&err));
}

int report_begin(struct report *r, const struct drill_opts *o,
		 const struct drill_request *q, json_t *doc, struct err *err)
{
	*r = (struct report){
		.o = o,
		.doc = doc,
		.row = { .stack = xstrdup(q->stack),
			 .owner = xstrdup(q->owner),
			 .state = xstrdup(DB_DRILL_RUNNING),
			 .started_ms = clock_now_ms(),
			 .report_json = json_dumps(doc, JSON_COMPACT) },
	};
	return db_drill_add(o->db, &r->row, &r->row.id, err);
}

void report_done(struct report *r)
{
	db_drill_done(&r->row);
	json_decref(r->doc);
	*r = (struct report){ .o = NULL };
}

json_t *report_step(struct report *r, enum report_step step)
{
	return json_array_get(json_object_get(r->doc, "steps"), (size_t)step);
}

void report_say(struct report *r, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(json_object_get(r->doc, "log"),
			      json_pack("{s:o, s:o}", "at", json_time(clock_now_ms()),
					"text", json_text(text)));
	store(r);
	event_add(r->o->events, "drill", DB_LEVEL_INFO,
		  EVENT_ABOUT(.stack = r->row.stack), "drill %lld of %s: %s",
		  (long long)r->row.id, r->row.stack, text);
}

/* Nothing was lost: no host without need, no request, and no tier without an instance. */
static bool has_held(const json_t *doc)
{
	size_t i, k;
	const json_t *step, *t;

	json_array_foreach(json_object_get(doc, "steps"), i, step)
	{
		const json_t *lost = json_object_get(step, "lost");

		if (json_array_size(json_object_get(lost, "hosts")) > 0 ||
		    json_integer_value(json_object_get(lost, "requests")) > 0)
			return false;
		json_array_foreach(json_object_get(lost, "tiers"), k, t)
		{
			if (json_integer_value(json_object_get(t, "least")) == 0)
				return false;
		}
	}
	return true;
}

void report_end(struct report *r, const char *state, const char *why)
{
	const bool held = strcmp(state, DB_DRILL_DONE) == 0 && has_held(r->doc);

	json_object_set_new(r->doc, "held", json_boolean(held));
	if (*why)
		json_object_set_new(r->doc, "why", json_text(why));
	report_say(r, "%s%s%s",
		   held                                ? "done: nothing was lost"
		   : strcmp(state, DB_DRILL_DONE) == 0 ? "done: something was lost, see "
							 "its report"
						       : "ended early",
		   *why ? ": " : "", why);
	free(r->row.state);
	r->row.state = xstrdup(state);
	r->row.ended_ms = clock_now_ms();
	store(r);
}

json_t *drill_json(const struct db_drill *row)
{
	json_t *doc = json_loads(row->report_json, 0, NULL);

	if (!doc)
		doc = json_object();
	json_object_set_new(doc, "id", json_integer(row->id));
	json_object_set_new(doc, "stack", json_string(row->stack));
	json_object_set_new(doc, "owner", json_string(row->owner));
	json_object_set_new(doc, "state", json_string(row->state));
	json_object_set_new(doc, "started", json_time(row->started_ms));
	json_object_set_new(doc, "ended", json_time(row->ended_ms));
	return doc;
}
