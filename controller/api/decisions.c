/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

#include "text.h"

int api_decision_list(struct request *r, struct err *err)
{
	CLEANUP(db_decision_list_done) struct db_decision_list list = { NULL, 0 };
	struct db_page f = { .stack = request_query(r, "stack"),
			     .tier = request_query(r, "tier") };
	size_t limit;
	json_t *items;
	int rc = request_query_time(r, "since", &f.since_ms, err);

	if (rc == 0)
		rc = request_page_id(r, &limit, &f.before_id, err);
	if (rc < 0)
		return rc;
	f.limit = limit + 1;
	rc = db_decision_list(r->api->db, &f, &list, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < list.n; i++)
		json_array_append_new(items, decision_json(&list.v[i], false));
	reply_items(r, items, limit, "id");
	return 0;
}

int api_decision_get(struct request *r, struct err *err)
{
	CLEANUP(db_decision_done) struct db_decision d = { .id = 0 };
	int64_t id;
	int rc;

	if (conf_parse_int(r->args[0], &id, NULL) < 0)
		return err_set(err, ERR_NOT_FOUND, "there is no decision '%s'",
			       r->args[0]);
	rc = db_decision_get(r->api->db, id, &d, err);
	if (rc == 0)
		reply_json(r, 200, decision_json(&d, true));
	return rc;
}
