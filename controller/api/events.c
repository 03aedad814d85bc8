/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

/* With ?since=ID forward from that id; else newest first. */
int api_event_list(struct request *r, struct err *err)
{
	CLEANUP(db_event_list_done) struct db_event_list list = { NULL, 0 };
	struct db_event_filter f = { .stack = request_query(r, "stack"),
				     .tier = request_query(r, "tier"),
				     .host = request_query(r, "host"),
				     .kind = request_query(r, "kind") };
	bool forward = request_query(r, "since") != NULL;
	int64_t cursor = 0;
	size_t limit;
	json_t *items;
	int rc = request_query_int(r, "since", 0, INT64_MAX, &f.after_id, err);

	if (rc == 0)
		rc = request_page_id(r, &limit, &cursor, err);
	if (rc < 0)
		return rc;
	if (forward && cursor)
		f.after_id = cursor;
	f.newest = !forward;
	f.before_id = forward ? 0 : cursor;
	f.limit = limit + 1;
	rc = db_event_list(r->api->db, &f, &list, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < list.n; i++)
		json_array_append_new(items, event_json(&list.v[i]));
	reply_items(r, items, limit, "id");
	return 0;
}
