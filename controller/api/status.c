/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handlers.h"

#include "auth.h"
#include "check.h"
#include "clock.h"
#include "metrics.h"
#include "samples.h"

#include <string.h>

#define METRICS_MAX_BYTES (16 << 20)
/* What an agent said of itself is old after this. */
#define AGENT_SILENT_MS (5 * 60 * 1000)

int api_healthz(struct request *r, struct err *err)
{
	json_t *problems = API_HOOK(r, database_problems)
				   ? API_HOOK(r, database_problems)(API_HOOK(r, arg))
				   : NULL;

	(void)err;
	if (json_array_size(problems) > 0) {
		reply_json(r, 503,
			   json_pack("{s:b, s:o}", "ok", 0, "problems", problems));
		return 0;
	}
	json_decref(problems);
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

static json_t *counts_json(const struct counts *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "stacks",
			 (json_int_t)c->stacks, "tiers", (json_int_t)c->tiers, "pools",
			 (json_int_t)c->pools, "hosts", (json_int_t)c->hosts, "units",
			 (json_int_t)c->units, "units_healthy", (json_int_t)c->healthy);
}

/* Unless it is told already: the thread that looks may not have seen it yet. */
static void tell_of_database(json_t *problems, const char *message)
{
	const json_t *p;
	size_t i;

	json_array_foreach(problems, i, p)
	{
		const char *kind = json_string_value(json_object_get(p, "kind"));

		if (kind && (strncmp(kind, "database-", 9) == 0 ||
			     strcmp(kind, "disk-full") == 0))
			return;
	}
	json_array_append_new(problems,
			      json_pack("{s:s, s:o, s:n}", "kind", "database-fails",
					"message", json_text(message), "since"));
}

/* Says what is wrong with the database rather than fail with it. */
int api_status(struct request *r, struct err *err)
{
	struct counts c = { 0 };
	CLEANUP(json_decref) json_t *live = NULL;
	const bool is_counted = count_all(r->api->db, &c, err) == 0;
	json_t *doc = json_pack(
		"{s:s, s:o, s:o, s:f, s:o, s:n, s:n, s:[]}", "version", FORETIDE_VERSION,
		"started", json_time(r->api->started_ms), "now",
		json_time(clock_now_ms()), "time_scale", clock_scale(), "counts",
		is_counted ? counts_json(&c) : json_null(), "store", "tick", "problems");

	if (API_HOOK(r, status))
		live = API_HOOK(r, status)(API_HOOK(r, arg));
	if (live)
		json_object_update(doc, live);
	if (!is_counted)
		tell_of_database(json_object_get(doc, "problems"), err->msg);
	reply_json(r, 200, doc);
	return 0;
}

static void write_sample(struct buf *b, const char *name, double v, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void write_sample(struct buf *b, const char *name, double v, const char *fmt, ...)
{
	char labels[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(labels, sizeof(labels), fmt, ap);
	va_end(ap);
	promtext_sample(b, name, labels, v);
}

static void write_counts(struct buf *b, const struct counts *c)
{
	const struct {
		const char *kind;
		size_t n;
	} kinds[] = { { "stack", c->stacks }, { "tier", c->tiers },
		      { "pool", c->pools },   { "host", c->hosts },
		      { "unit", c->units },   { "healthy_unit", c->healthy } };

	promtext_head(b, "foretide_up", "gauge", "The controller runs.");
	write_sample(b, "foretide_up", 1, "version=\"%s\"", FORETIDE_VERSION);
	promtext_head(b, "foretide_objects", "gauge", "Number of objects, by kind.");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		write_sample(b, "foretide_objects", (double)kinds[i].n, "kind=\"%s\"",
			     kinds[i].kind);
}

static void write_requests(struct request *r, struct buf *b)
{
	uint64_t requests[6];

	pthread_mutex_lock(&r->api->lock);
	memcpy(requests, r->api->requests, sizeof(requests));
	pthread_mutex_unlock(&r->api->lock);
	promtext_head(b, "foretide_http_requests_total", "counter",
		      "Answers of the API, by class of status.");
	for (size_t i = 2; i < ARRAY_SIZE(requests); i++)
		write_sample(b, "foretide_http_requests_total", (double)requests[i],
			     "status=\"%zuxx\"", i);
}

/* The capacity in use and its source: declared, learned, cautious. */
static void write_capacities(struct request *r, const struct db_tier_list *l,
			     struct buf *b)
{
	promtext_head(b, "foretide_tier_capacity", "gauge",
		      "Capacity of one instance, as used for decisions.");
	for (size_t i = 0; i < l->n && API_HOOK(r, tier_live); i++) {
		const struct db_tier *t = &l->v[i];
		CLEANUP(json_decref)
		json_t *live =
			API_HOOK(r, tier_live)(API_HOOK(r, arg), t->stack, t->name);
		const json_t *learned = json_object_get(live, "capacity_learned");
		const double v = json_number_value(json_object_get(live, "capacity"));

		if (v > 0)
			write_sample(b, "foretide_tier_capacity", v,
				     "stack=\"%s\",tier=\"%s\",source=\"%s\"", t->stack,
				     t->name,
				     json_string_value(json_object_get(learned, "used")));
	}
}

static int write_tiers(struct request *r, struct buf *b, struct err *err)
{
	CLEANUP(db_tier_list_done) struct db_tier_list l = { NULL, 0 };
	int rc = db_tier_list(r->api->db, NULL, &l, err);

	if (rc < 0)
		return rc;
	promtext_head(b, "foretide_tier_desired", "gauge",
		      "Desired instances by the latest decision.");
	for (size_t i = 0; i < l.n; i++)
		if (l.v[i].desired >= 0)
			write_sample(b, "foretide_tier_desired", (double)l.v[i].desired,
				     "stack=\"%s\",tier=\"%s\"", l.v[i].stack,
				     l.v[i].name);
	write_capacities(r, &l, b);
	return 0;
}

/* What each agent says of itself: it has no port for Prometheus to ask. */
static int write_agents(struct request *r, struct buf *b, struct err *err)
{
	CLEANUP(db_host_list_done) struct db_host_list l = { NULL, 0 };
	const struct db_host_filter present = { .present = true };
	const int64_t now = clock_now_ms();
	int rc = db_host_list(r->api->db, &present, &l, err);

	promtext_head(b, "foretide_agent_loop_pause_seconds_max", "gauge",
		      "Longest time within about a minute in which an agent did nothing "
		      "else.");
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		CLEANUP(free) char *labels = xasprintf("host=\"%s\"", l.v[i].id);
		int64_t id =
			db_series_id(r->api->db, "agent_loop_pause_seconds_max", labels);
		struct db_sample newest;

		if (id && db_samples_recent(r->api->db, id, now, now, &newest, 1, NULL) &&
		    newest.t_ms > now - AGENT_SILENT_MS)
			promtext_sample(b, "foretide_agent_loop_pause_seconds_max",
					labels, newest.v);
	}
	return rc;
}

int api_own_metrics(struct request *r, struct err *err)
{
	CLEANUP(buf_done) struct buf b;
	struct counts c = { 0 };
	int rc = count_all(r->api->db, &c, err);

	buf_init(&b, METRICS_MAX_BYTES);
	if (rc < 0)
		return rc;
	write_counts(&b, &c);
	write_requests(r, &b);
	rc = write_tiers(r, &b, err);
	if (rc == 0)
		rc = write_agents(r, &b, err);
	if (rc < 0)
		return rc;
	reply_data(r, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&b),
		   b.len);
	return 0;
}
