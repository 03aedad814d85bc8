/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "current_events.h"

#include "check.h"

#include <math.h>
#include <string.h>

void event_view_done(struct event_view *v)
{
	event_list_done(&v->list);
	stack_file_free(v->file);
	tz_free(v->zone);
	*v = (struct event_view){ 0 };
}

int event_view_read(struct db *db, const char *stack, int64_t now_ms,
		    struct event_view *ret, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	CLEANUP(event_view_done) struct event_view v = { 0 };
	int rc = db_stack_get(db, stack, &s, err);

	if (rc < 0)
		return rc;
	if (stack_file_parse(s.text_json, &v.file, NULL) == 0) {
		rc = tz_open(s.timezone, &v.zone, err);
		if (rc == 0)
			rc = event_list_read(&v.file->events, v.zone, now_ms, &v.list,
					     err);
		if (rc < 0)
			return rc;
	}
	*ret = v;
	v = (struct event_view){ 0 };
	return 0;
}

/* ---------------------------------------------------------------- per tier */

static const char *source_of(const struct event_list *l, const char *name)
{
	for (size_t i = 0; i < l->n_kinds; i++)
		if (strcmp(l->kinds[i].name, name) == 0)
			return l->kinds[i].source;
	return "";
}

static json_t *measured_json(const struct tier_events *e, const char *name)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].is_measured && strcmp(e->v[i].name, name) == 0)
			json_array_append_new(
				list,
				json_pack("{s:o, s:o, s:o}", "start",
					  json_time(e->v[i].span.start_ms), "end",
					  json_time(e->v[i].span.end_ms), "uplift",
					  json_finite(exp(e->v[i].measure.log_ratio))));
	return list;
}

/* The most relevant one of the name: in force or next; else the last. */
static const struct tier_event *foremost(const struct tier_events *e, const char *name,
					 int64_t now_ms)
{
	const struct tier_event *last = NULL;

	for (size_t i = 0; i < e->n; i++) {
		if (strcmp(e->v[i].name, name) != 0)
			continue;
		last = &e->v[i];
		if (last->span.end_ms > now_ms)
			break;
	}
	return last;
}

static void add_tier(const struct event_view *v, const struct tier_events *e,
		     const char *tier, int64_t now_ms, json_t *to)
{
	for (size_t i = 0; i < e->n; i++) {
		const char *name = e->v[i].name;
		const struct tier_event *o;
		bool is_reported = false;
		json_t *doc;

		for (size_t k = 0; k < i && !is_reported; k++)
			is_reported = strcmp(e->v[k].name, name) == 0;
		if (is_reported)
			continue;
		o = foremost(e, name, now_ms);
		doc = tier_event_json(o, now_ms);
		json_object_del(doc, "measured");
		if (o->span.end_ms <= now_ms) {
			json_object_set_new(doc, "start", json_null());
			json_object_set_new(doc, "end", json_null());
		}
		json_object_set_new(doc, "tier", json_string(tier));
		json_object_set_new(doc, "source",
				    json_string(source_of(&v->list, name)));
		json_object_set_new(doc, "measured", measured_json(e, name));
		json_array_append_new(to, doc);
	}
}

int event_view_json(const struct event_view *v, struct db *db, const char *tier,
		    int64_t now_ms, json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *list = json_array();

	for (size_t i = 0; v->file && i < v->file->tiers.n; i++) {
		const char *name = v->file->tiers.v[i].name;
		CLEANUP(tier_events_free) struct tier_events *e = NULL;
		int rc = tier && strcmp(tier, name) != 0
				 ? 0
				 : tier_events_read(db, &v->list, v->file->name, name,
						    NULL, &e, err);

		if (rc < 0)
			return rc;
		if (e)
			add_tier(v, e, name, now_ms, list);
	}
	*ret = TAKE(list);
	return 0;
}
