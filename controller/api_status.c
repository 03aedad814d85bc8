/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api_handlers.h"

#include "clock.h"

#include <string.h>

int api_healthz(struct request *r, struct err *err)
{
	(void)err;
	reply_json(r, 200, json_pack("{s:b}", "ok", 1));
	return 0;
}

int api_whoami(struct request *r, struct err *err)
{
	(void)err;
	reply_json(
		r, 200,
		json_pack("{s:s, s:s}", "name", r->who, "role", api_role_name(r->role)));
	return 0;
}

struct counts {
	size_t stacks, tiers, pools, hosts, units, healthy;
};

static int count_all(struct db *db, struct counts *ret, struct err *err)
{
	CLEANUP(db_stack_list_done) struct db_stack_list stacks = { NULL, 0 };
	CLEANUP(db_tier_list_done) struct db_tier_list tiers = { NULL, 0 };
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { NULL, 0 };
	CLEANUP(db_host_list_done) struct db_host_list hosts = { NULL, 0 };
	CLEANUP(db_unit_list_done) struct db_unit_list units = { NULL, 0 };
	const struct db_host_filter present = { .present = true };
	int rc = db_stack_list(db, &stacks, err);

	if (rc == 0)
		rc = db_tier_list(db, NULL, &tiers, err);
	if (rc == 0)
		rc = db_pool_list(db, &pools, err);
	if (rc == 0)
		rc = db_host_list(db, &present, &hosts, err);
	if (rc == 0)
		rc = db_unit_list(db, NULL, &units, err);
	if (rc < 0)
		return rc;
	*ret = (struct counts){ stacks.n, tiers.n, pools.n, hosts.n, units.n, 0 };
	for (size_t i = 0; i < units.n; i++)
		ret->healthy += units.v[i].healthy_ms != 0 &&
				(strcmp(units.v[i].health, "passing") == 0 ||
				 strcmp(units.v[i].health, "none") == 0);
	return 0;
}

int api_status(struct request *r, struct err *err)
{
	struct counts c = { 0 };
	CLEANUP(json_decref) json_t *live = NULL;
	json_t *doc;
	int rc = count_all(r->api->db, &c, err);

	if (rc < 0)
		return rc;
	doc = json_pack(
		"{s:s, s:o, s:o, s:f, s:{s:I, s:I, s:I, s:I, s:I, s:I}, s:n, s:n, s:[]}",
		"version", FORETIDE_VERSION, "started", json_time(r->api->started_ms),
		"now", json_time(clock_now_ms()), "time_scale", clock_scale(), "counts",
		"stacks", (json_int_t)c.stacks, "tiers", (json_int_t)c.tiers, "pools",
		(json_int_t)c.pools, "hosts", (json_int_t)c.hosts, "units",
		(json_int_t)c.units, "units_healthy", (json_int_t)c.healthy, "store",
		"tick", "problems");
	if (API_HOOK(r, status))
		live = API_HOOK(r, status)(API_HOOK(r, arg));
	if (live)
		json_object_update(doc, live);
	reply_json(r, 200, doc);
	return 0;
}

int api_own_metrics(struct request *r, struct err *err)
{
	static const char *const classes[] = { NULL, "1xx", "2xx", "3xx", "4xx", "5xx" };
	CLEANUP(buf_done) struct buf b;
	struct counts c = { 0 };
	uint64_t requests[6];
	int rc = count_all(r->api->db, &c, err);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&r->api->lock);
	memcpy(requests, r->api->requests, sizeof(requests));
	pthread_mutex_unlock(&r->api->lock);
	buf_init(&b, 4 << 20);
	buf_printf(&b,
		   "# HELP foretide_up The controller runs.\n"
		   "# TYPE foretide_up gauge\nforetide_up{version=\"%s\"} 1\n",
		   FORETIDE_VERSION);
	buf_printf(&b,
		   "# HELP foretide_objects How many there are, by kind.\n"
		   "# TYPE foretide_objects gauge\n"
		   "foretide_objects{kind=\"stack\"} %zu\n"
		   "foretide_objects{kind=\"tier\"} %zu\n"
		   "foretide_objects{kind=\"pool\"} %zu\n"
		   "foretide_objects{kind=\"host\"} %zu\n"
		   "foretide_objects{kind=\"unit\"} %zu\n"
		   "foretide_objects{kind=\"healthy_unit\"} %zu\n",
		   c.stacks, c.tiers, c.pools, c.hosts, c.units, c.healthy);
	buf_puts(&b, "# HELP foretide_http_requests_total Answers of the API.\n"
		     "# TYPE foretide_http_requests_total counter\n");
	for (size_t i = 1; i < 6; i++)
		buf_printf(&b, "foretide_http_requests_total{status=\"%s\"} %llu\n",
			   classes[i], (unsigned long long)requests[i]);
	if (API_HOOK(r, prometheus))
		API_HOOK(r, prometheus)(API_HOOK(r, arg), &b);
	reply_data(r, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&b),
		   b.len);
	return 0;
}
