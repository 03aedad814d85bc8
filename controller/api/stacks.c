/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

#include "check.h"
#include "clock.h"
#include "stack_change.h"
#include "stacks.h"
#include "tiers.h"

#include <string.h>

static json_t *stack_json(const struct db_stack *s, bool with_files)
{
	json_t *doc =
		json_pack("{s:s, s:s, s:s, s:I, s:o}", "name", s->name, "timezone",
			  s->timezone, "domain", s->domain, "version",
			  (json_int_t)s->version, "applied", json_time(s->applied_ms));

	if (with_files)
		json_object_set_new(doc, "files", json_of_text(s->text_json));
	return doc;
}

/* Announced events and their uplift, one item per tier and event. */
int api_stack_events(struct request *r, struct err *err)
{
	static const char *const keys[] = { "tier", "name", NULL };
	CLEANUP(event_view_done) struct event_view v = { 0 };
	const int64_t now_ms = clock_now_ms();
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	const char *tier = request_query(r, "tier");
	struct page page;
	json_t *items;
	int rc = request_page(r, &page, err);

	if (rc == 0)
		rc = event_view_read(r->api->db, r->args[0], now_ms, &v, err);
	if (rc == 0 && tier)
		rc = db_tier_get(r->api->db, r->args[0], tier, &t, err);
	if (rc == 0)
		rc = event_view_json(&v, r->api->db, tier, now_ms, &items, err);
	if (rc == 0)
		reply_sorted(r, items, &page, keys);
	return rc;
}

int api_stack_list(struct request *r, struct err *err)
{
	CLEANUP(db_stack_list_done) struct db_stack_list all = { NULL, 0 };
	struct page page;
	json_t *items;
	int rc = request_page(r, &page, err);

	if (rc == 0)
		rc = db_stack_list(r->api->db, &all, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < all.n && json_array_size(items) <= page.limit; i++)
		if (strcmp(all.v[i].name, page.after) > 0)
			json_array_append_new(items, stack_json(&all.v[i], false));
	reply_items(r, items, page.limit, "name");
	return 0;
}

void stack_set_etag(struct request *r, int64_t version)
{
	free(r->etag);
	r->etag = xasprintf("\"v%lld\"", (long long)version);
}

int api_stack_get(struct request *r, struct err *err)
{
	CLEANUP(db_stack_done) struct db_stack s = { .name = NULL };
	int rc = db_stack_get(r->api->db, r->args[0], &s, err);

	if (rc < 0)
		return rc;
	stack_set_etag(r, s.version);
	reply_json(r, 200, stack_json(&s, true));
	return 0;
}
