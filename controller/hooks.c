/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks.c - what the API asks of the rest of the controller: status, services, tiers,
 * pools and hosts. Called by the API's threads.
 */
#include "check.h"
#include "clock.h"
#include "metrics.h"
#include "pools.h"
#include "text.h"
#include "wiring.h"

#include <stdio.h>
#include <string.h>

static struct daemon *daemon_of(void *arg)
{
	struct daemon *d = arg;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	return d;
}

static void hook_poke(void *arg, const char *why)
{
	struct tick *t = daemon_of(arg)->tick;

	(void)why;
	if (t)
		tick_poke(t, true);
}

/* ---------------------------------------------------------------- status */

static json_t *store_json(struct daemon *d)
{
	struct view_status s = { 0 };

	if (d->view)
		view_status(d->view, &s);
	return json_pack("{s:s, s:[s], s:b, s:o}", "mode", d->kv ? "embedded" : "etcd",
			 "endpoints", s.endpoint, "ok", (int)s.ok, "message",
			 json_text(s.problem));
}

/* What a pool's state means to everybody; NULL: all is well. */
static const char *pool_problem(const struct db_pool *p)
{
	if (strcmp(p->state, "backoff") == 0)
		return "pool-failing";
	return strcmp(p->state, "limited") == 0 ? "pool-limited" : NULL;
}

static void add_pool_problems(struct daemon *d, json_t *problems)
{
	CLEANUP(db_pool_list_done) struct db_pool_list l = { 0 };

	if (db_pool_list(d->db, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		const struct db_pool *p = &l.v[i];
		CLEANUP(free)
		char *message = xasprintf("pool %s: %s", p->name, p->last_error);

		if (!pool_problem(p))
			continue;
		json_array_append_new(problems, json_pack("{s:s, s:o, s:n}", "kind",
							  pool_problem(p), "message",
							  json_text(message), "since"));
	}
}

static json_t *hook_status(void *arg)
{
	struct daemon *d = daemon_of(arg);
	json_t *tick = NULL, *problems = NULL;

	if (d->tick)
		tick_status(d->tick, &tick, &problems);
	if (!problems)
		problems = json_array();
	add_pool_problems(d, problems);
	return json_pack("{s:o, s:o, s:o}", "store", store_json(d), "tick",
			 tick ? tick : json_null(), "problems", problems);
}

/* ---------------------------------------------------------------- services */

/* "/skydns/local/foretide/shop/web/web-3-80" to "web.shop.foretide.local". */
static void dns_name(const char *key, char *text, size_t size)
{
	CLEANUP(free) char *copy = xstrdup(key + strlen("/skydns/"));
	char *slash = strrchr(copy, '/');
	size_t n = 0;

	text[0] = '\0';
	if (slash)
		*slash = '\0';
	while (slash && n < size) {
		slash = strrchr(copy, '/');
		n += (size_t)snprintf(text + n, size - n, "%s%s", n ? "." : "",
				      slash ? slash + 1 : copy);
		if (slash)
			*slash = '\0';
	}
}

struct by_address {
	const struct db_host_list *hosts;
	const struct db_unit_list *units;
};

static const char *host_at(const struct by_address *b, const char *address)
{
	for (size_t i = 0; i < b->hosts->n; i++)
		if (strcmp(b->hosts->v[i].address, address) == 0)
			return b->hosts->v[i].id;
	return "";
}

/* The record's id is the unit's name as a label and the port: "web-3-80". */
static const struct db_unit *unit_of(const struct by_address *b, const char *key)
{
	const char *id = strrchr(key, '/') + 1;

	for (size_t i = 0; i < b->units->n; i++) {
		CLEANUP(free) char *label = xstrdup(b->units->v[i].name);
		char *dot = strrchr(label, '.');
		size_t n;

		if (dot)
			*dot = '\0';
		for (char *p = label; *p; p++)
			if (*p == '@' || *p == '.' || *p == '_' || *p == ':')
				*p = '-';
		n = strlen(label);
		if (strncmp(id, label, n) == 0 && id[n] == '-')
			return &b->units->v[i];
	}
	return NULL;
}

static json_t *service_json(const struct view_kv *kv, const struct by_address *b)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const struct db_unit *u = unit_of(b, kv->key);
	const char *address = "";
	const char *end = u ? strstr(kv->key, u->stack) : NULL;
	char dns[256], name[64];
	int64_t port = 0;

	if (!end || json_parse(kv->value, kv->len, "record", &doc, NULL) < 0 ||
	    jread_str(doc, "host", &address, NULL) < 0 ||
	    jread_int_opt(doc, "port", &port, NULL) < 0)
		return NULL;
	dns_name(kv->key, dns, sizeof(dns));
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(dns, "."), dns);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "name", name,
			 "stack", u->stack, "tier", u->tier, "unit", u->name, "host",
			 host_at(b, address), "address", address, "port",
			 (json_int_t)port, "dns", dns);
}

static json_t *hook_services(void *arg)
{
	struct daemon *d = daemon_of(arg);
	CLEANUP(view_snapshot_done) struct view_snapshot s = { 0 };
	CLEANUP(db_host_list_done) struct db_host_list hosts = { 0 };
	CLEANUP(db_unit_list_done) struct db_unit_list units = { 0 };
	struct by_address b = { &hosts, &units };
	json_t *list;

	if (!d->view)
		return NULL;
	view_snapshot(d->view, "/skydns/", &s);
	if (!s.has_copy ||
	    db_host_list(d->db, &(struct db_host_filter){ .present = true }, &hosts,
			 NULL) < 0 ||
	    db_unit_list(d->db, NULL, &units, NULL) < 0)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < s.n; i++) {
		json_t *service = service_json(&s.kvs[i], &b);

		if (service)
			json_array_append_new(list, service);
	}
	return list;
}

/* ---------------------------------------------------------------- tiers, pools, hosts */

static json_t *hook_tier_live(void *arg, const char *stack, const char *tier)
{
	struct tick *t = daemon_of(arg)->tick;

	return t ? tick_tier_live(t, stack, tier) : NULL;
}

static int hook_check_demand(void *arg, const char *stack, const char *tier,
			     const char *expression, struct err *err)
{
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;

	(void)arg;
	return *expression ? metrics_expr_parse(expression, stack, tier, &e, err) : 0;
}

/* Its VMs would be left where no driver looks for them any more. */
static int check_cloud(struct daemon *d, const struct db_pool *p, struct err *err)
{
	CLEANUP(db_pool_done) struct db_pool is = { 0 };
	CLEANUP(db_host_list_done) struct db_host_list hosts = { 0 };
	const struct db_host_filter f = { .pool = p->name, .present = true, .limit = 1 };
	int rc = db_pool_get(d->db, p->name, &is, err);

	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	if (strcmp(is.driver, p->driver) == 0 && strcmp(is.profile, p->profile) == 0)
		return 0;
	rc = db_host_list(d->db, &f, &hosts, err);
	if (rc == 0 && hosts.n > 0)
		rc = err_set(err, ERR_CONFLICT,
			     "pool %s has hosts of driver %s and profile %s: give the "
			     "pool of the other driver another name",
			     p->name, is.driver, is.profile);
	return rc;
}

static int hook_check_pool(void *arg, const struct db_pool *p, struct err *err)
{
	struct daemon *d = daemon_of(arg);
	CLEANUP(free) char *config = NULL;
	CLEANUP(driver_close) struct driver *driver = NULL;
	int rc = check_cloud(d, p, err);

	if (rc == 0)
		rc = pool_driver_config(&d->pool_opts, p, &config, err);
	return rc < 0 ? rc
		      : driver_open(d->o->drivers_dir, p->driver, config, &driver, err);
}

static int hook_drain_host(void *arg, const char *host, struct err *err)
{
	struct daemon *d = daemon_of(arg);
	CLEANUP(db_host_done) struct db_host h = { 0 };
	int rc = db_host_get(d->db, host, &h, err);

	if (rc < 0)
		return rc;
	if (h.state > DB_HOST_DRAINING)
		return err_set(err, ERR_CONFLICT, "host %s is %s", host,
			       db_host_state_name(h.state));
	return db_host_set_state(d->db, host, DB_HOST_DRAINING, "drained on request",
				 clock_now_ms(), err);
}

/* ---------------------------------------------------------------- the store */

static enum MHD_Result hook_kv(void *arg, const struct api_kv_call *call)
{
	struct daemon *d = daemon_of(arg);
	struct kv_host_access host;
	struct kv_access person = {
		.owner = "",
		.read_all = true,
		.write_all = call->may_write,
	};

	if (*call->host)
		kv_host_access(call->host, &host);
	/* Calls of the store are POSTs; /health and /version are not. */
	return kv_serve(d->kv, call->conn,
			strncmp(call->path, "/v3", 3) == 0 ? "POST" : "GET", call->path,
			call->body, call->body_len, *call->host ? &host.access : &person);
}

void daemon_hooks(struct daemon *d, struct api_hooks *ret)
{
	*ret = (struct api_hooks){
		.arg = d,
		.kv = d->kv ? hook_kv : NULL,
		.poke = hook_poke,
		.status = hook_status,
		.services = hook_services,
		.tier_live = hook_tier_live,
		.check_demand = hook_check_demand,
		.check_pool = hook_check_pool,
		.drain_host = hook_drain_host,
	};
	daemon_metrics_hooks(ret);
}
