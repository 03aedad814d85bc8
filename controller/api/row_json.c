/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "row_json.h"

#include "clock.h"
#include "text.h"

json_t *json_of_text(const char *text)
{
	json_t *doc = text && *text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	return doc ? doc : json_null();
}

json_t *hold_json(const struct db_hold *h)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:b}", "id",
			 (json_int_t)h->id, "stack", h->stack, "tier", h->tier, "owner",
			 h->owner, "reason", h->reason, "created",
			 json_time(h->created_ms), "expires", json_time(h->expires_ms),
			 "released", json_time(h->released_ms), "released_by",
			 h->released_by, "active",
			 h->released_ms == 0 &&
				 (h->expires_ms == 0 || h->expires_ms > clock_now_ms()));
}

json_t *unit_json(const struct db_unit *u)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o, "
			 "s:o, s:o}",
			 "name", u->name, "stack", u->stack, "tier", u->tier, "host",
			 u->host, "hash", u->hash, "goal", db_goal_name(u->goal),
			 "active", u->active, "sub", u->sub, "health", u->health,
			 "drained", u->drained, "message", json_text(u->message),
			 "wanted", json_time(u->wanted_ms), "placed",
			 json_time(u->placed_ms), "healthy", json_time(u->healthy_ms));
}

json_t *decision_json(const struct db_decision *d, bool with_explanation)
{
	json_t *doc = json_pack("{s:I, s:s, s:s, s:o, s:I, s:I, s:s, s:s, s:b}", "id",
				(json_int_t)d->id, "stack", d->stack, "tier", d->tier,
				"at", json_time(d->at_ms), "from", (json_int_t)d->from,
				"to", (json_int_t)d->to, "cause", d->cause, "sentence",
				d->sentence, "has_record", *d->record != '\0');

	if (!with_explanation)
		return doc;
	json_object_set_new(doc, "explanation", json_of_text(d->explanation_json));
	json_object_set_new(doc, "record", json_of_text(d->record));
	return doc;
}

json_t *event_json(const struct db_event *e)
{
	return json_pack("{s:I, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "id",
			 (json_int_t)e->id, "at", json_time(e->at_ms), "kind", e->kind,
			 "level", db_level_name(e->level), "stack", e->stack, "tier",
			 e->tier, "host", e->host, "unit", e->unit, "message",
			 json_text(e->message), "data", json_of_text(e->data_json));
}
