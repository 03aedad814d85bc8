/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * launches.c - the journal of launches, with how long each host took.
 */
#include "handlers.h"

#include "text.h"

/* From the launch call to a host that takes units; null: it has not come so far. */
static json_t *lead_json(const struct db_host *h)
{
	return h->ready_ms && h->requested_ms
		       ? json_integer(h->ready_ms - h->requested_ms)
		       : json_null();
}

/* Records of hosts are kept as long as those of their launches, or longer. */
static json_t *launch_json(const struct db_launch *l, const struct db_host *h)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "host", l->host, "pool", l->pool, "state",
			 db_launch_state_name(l->state), "vm", l->vm_id, "attempts",
			 (json_int_t)l->attempt, "created", json_time(l->created_ms),
			 "requested", json_time(h->requested_ms), "booted",
			 json_time(h->booted_ms), "joined", json_time(h->joined_ms),
			 "ready", json_time(h->ready_ms), "lead_ms", lead_json(h),
			 "error", json_text(l->error));
}

static int add(struct request *r, const struct db_launch *l, json_t *items,
	       struct err *err)
{
	CLEANUP(db_host_done) struct db_host h = { .id = NULL };
	int rc = db_host_get(r->api->db, l->host, &h, err);

	if (rc == 0 || rc == ERR_NOT_FOUND) {
		json_array_append_new(items, launch_json(l, &h));
		rc = 0;
	}
	return rc;
}

int api_launch_list(struct request *r, struct err *err)
{
	CLEANUP(db_launch_list_done) struct db_launch_list list = { NULL, 0 };
	CLEANUP(json_decref) json_t *items = json_array();
	struct db_launch_filter f = { .pool = request_query(r, "pool") };
	struct page page;
	int rc = request_page(r, &page, err);

	if (rc < 0)
		return rc;
	f.before = page.after;
	f.limit = page.limit + 1;
	rc = db_launch_list(r->api->db, &f, &list, err);
	for (size_t i = 0; rc == 0 && i < list.n; i++)
		rc = add(r, &list.v[i], items, err);
	if (rc == 0)
		reply_items(r, TAKE(items), page.limit, "host");
	return rc;
}
