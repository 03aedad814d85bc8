/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier_lookup.h"

#include "server.h"

#include <string.h>

int api_tier_of_path(struct request *r, struct db_tier *ret, struct err *err)
{
	return db_tier_get(r->api->db, r->args[0], r->args[1], ret, err);
}

struct tier_now api_tier_now(struct request *r, const struct db_tier *t)
{
	struct tier_now now = { .capacity = t->capacity, .lead_ms = t->lead_prior_ms };
	CLEANUP(json_decref) json_t *live = NULL;
	const char *source = t->capacity > 0 ? "declared" : "none";
	const json_t *lead, *learned, *follows;

	if (API_HOOK(r, tier_live))
		live = API_HOOK(r, tier_live)(API_HOOK(r, arg), t->stack, t->name);
	lead = json_object_get(json_object_get(live, "lead"), "used_ms");
	if (json_is_number(lead))
		now.lead_ms = (int64_t)json_number_value(lead);
	learned = json_object_get(json_object_get(live, "capacity_learned"), "used");
	if (!(t->capacity > 0) && json_is_string(learned)) {
		now.capacity = json_number_value(json_object_get(live, "capacity"));
		source = json_string_value(learned);
	}
	follows = json_object_get(json_object_get(live, "follows"), "tier");
	if (json_is_string(follows))
		snprintf(now.follows, sizeof(now.follows), "%s",
			 json_string_value(follows));
	snprintf(now.capacity_source, sizeof(now.capacity_source), "%s", source);
	return now;
}
