/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hold_guard.h"

#include "clock.h"
#include "row_json.h"
#include "server.h"

#include <string.h>

static json_int_t id_of(const json_t *hold)
{
	return json_integer_value(json_object_get(hold, "id"));
}

static void add_once(json_t *holds, const struct db_hold *h)
{
	size_t i;
	const json_t *have;

	json_array_foreach(holds, i, have)
	{
		if (id_of(have) == h->id)
			return;
	}
	json_array_append_new(holds, hold_json(h));
}

int hold_guard_add(struct request *r, json_t *holds, const char *stack, const char *tier,
		   struct err *err)
{
	CLEANUP(db_hold_list_done) struct db_hold_list l = { NULL, 0 };
	int rc = db_hold_list(r->api->db, stack, clock_now_ms(), &l, err);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		if (!tier || !*l.v[i].tier || strcmp(l.v[i].tier, tier) == 0)
			add_once(holds, &l.v[i]);
	return rc;
}

static int add_units_of(struct request *r, json_t *holds, const char *host,
			struct err *err)
{
	CLEANUP(db_unit_list_done) struct db_unit_list units = { NULL, 0 };
	const struct db_unit_filter on = { .host = host };
	int rc = db_unit_list(r->api->db, &on, &units, err);

	for (size_t i = 0; rc == 0 && i < units.n; i++)
		rc = hold_guard_add(r, holds, units.v[i].stack, units.v[i].tier, err);
	return rc;
}

int hold_guard_add_host(struct request *r, json_t *holds, const struct db_host *h,
			struct err *err)
{
	CLEANUP(db_pool_done) struct db_pool p = { .name = NULL };
	int rc = add_units_of(r, holds, h->id, err);

	if (rc == 0)
		rc = db_pool_get(r->api->db, h->pool, &p, err);
	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	/* A hold on one tier leaves hosts alone that carry none of it. */
	return hold_guard_add(r, holds, p.stack, "", err);
}

int hold_guard_add_stack(struct request *r, json_t *holds, const char *stack,
			 struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { NULL, 0 };
	CLEANUP(db_host_list_done) struct db_host_list hosts = { NULL, 0 };
	const struct db_host_filter present = { .present = true };
	int rc = hold_guard_add(r, holds, stack, NULL, err);

	if (rc == 0)
		rc = db_pool_list(r->api->db, &pools, err);
	if (rc == 0)
		rc = db_host_list(r->api->db, &present, &hosts, err);
	for (size_t i = 0; rc == 0 && i < hosts.n; i++)
		for (size_t k = 0; rc == 0 && k < pools.n; k++)
			if (strcmp(pools.v[k].stack, stack) == 0 &&
			    strcmp(pools.v[k].name, hosts.v[i].pool) == 0)
				rc = add_units_of(r, holds, hosts.v[i].id, err);
	return rc;
}

static void drop(json_t *holds, int64_t id)
{
	for (size_t i = json_array_size(holds); i-- > 0;)
		if (id_of(json_array_get(holds, i)) == id)
			(void)json_array_remove(holds, i);
}

int hold_guard_forced(struct request *r, json_t *holds, struct err *err)
{
	const char *list = request_query(r, "force");

	while (list && *list) {
		size_t len = strcspn(list, ",");
		char text[24] = "";
		int64_t id = 0;

		if (len < sizeof(text))
			memcpy(text, list, len);
		if (conf_parse_int(text, &id, NULL) < 0 || id < 1)
			return err_set(err, ERR_INVAL,
				       "force must name holds by their numbers, such as "
				       "3 or 3,5, not '%.80s'",
				       request_query(r, "force"));
		drop(holds, id);
		list += len;
		list += *list == ',';
	}
	return 0;
}

/* "3,5" */
static void add_ids(struct buf *to, const json_t *holds)
{
	size_t i;
	const json_t *h;

	json_array_foreach(holds, i, h)
	{
		buf_printf(to, "%s%lld", i ? "," : "", (long long)id_of(h));
	}
}

static const char *text_of(const json_t *hold, const char *key)
{
	const char *text = json_string_value(json_object_get(hold, key));

	return text ? text : "";
}

int hold_guard(struct request *r, const json_t *holds, const char *what, struct err *err)
{
	const json_t *first = json_array_get(holds, 0);
	const char *tier = text_of(first, "tier"), *until = text_of(first, "expires");
	const size_t n = json_array_size(holds);
	CLEANUP(buf_done) struct buf ids;

	buf_init(&ids, 4096);
	if (n == 0)
		return 0;
	add_ids(&ids, holds);
	json_decref(r->fail_more);
	r->fail_more = json_pack("{s:O}", "holds", holds);
	return err_set(
		err, ERR_CONFLICT,
		"cannot %s: hold %lld of %s is on %s%s%s%s%s%s; release it "
		"(foretide release %lld), or force this by number (--force %s). Its "
		"reason: %.300s",
		what, (long long)id_of(first), text_of(first, "owner"),
		text_of(first, "stack"), *tier ? "/" : "", tier, *until ? " until " : "",
		until, n > 1 ? ", and there are more" : "", (long long)id_of(first),
		buf_str(&ids), text_of(first, "reason"));
}
