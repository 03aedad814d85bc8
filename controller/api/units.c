/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

#include <string.h>

int api_unit_list(struct request *r, struct err *err)
{
	CLEANUP(db_unit_list_done) struct db_unit_list units = { NULL, 0 };
	struct db_unit_filter f = { .stack = request_query(r, "stack"),
				    .tier = request_query(r, "tier"),
				    .host = request_query(r, "host") };
	struct page page;
	json_t *items;
	int rc = request_page(r, &page, err);

	if (rc < 0)
		return rc;
	f.after = page.after;
	f.limit = page.limit + 1;
	rc = db_unit_list(r->api->db, &f, &units, err);
	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < units.n; i++)
		json_array_append_new(items, unit_json(&units.v[i]));
	reply_items(r, items, page.limit, "name");
	return 0;
}

int api_unit_get(struct request *r, struct err *err)
{
	CLEANUP(db_unit_done) struct db_unit u = { .name = NULL };
	int rc = db_unit_get(r->api->db, r->args[0], &u, err);

	if (rc == 0)
		reply_json(r, 200, unit_json(&u));
	return rc;
}

static bool has(const json_t *item, const char *key, const char *want)
{
	const char *have = json_string_value(json_object_get(item, key));

	return !want || (have && strcmp(have, want) == 0);
}

int api_services(struct request *r, struct err *err)
{
	static const char *const keys[] = { "stack", "name", "unit", "host", NULL };
	CLEANUP(json_decref) json_t *all = NULL;
	struct page page;
	json_t *items, *item;
	size_t i;
	int rc = request_page(r, &page, err);

	if (rc < 0)
		return rc;
	if (!API_HOOK(r, services))
		return request_absent(err, "the view of the store");
	all = API_HOOK(r, services)(API_HOOK(r, arg));
	if (!all)
		return err_set(err, ERR_UNAVAIL, "the store has not been read yet");
	items = json_array();
	json_array_foreach(all, i, item)
	{
		if (has(item, "stack", request_query(r, "stack")) &&
		    has(item, "name", request_query(r, "name")) &&
		    has(item, "host", request_query(r, "host")))
			json_array_append(items, item);
	}
	reply_sorted(r, items, &page, keys);
	return 0;
}
