/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks.c - callbacks of the API: status, tiers, pools, hosts and the store. Called by
 * the API's threads.
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

static json_t *hook_status(void *arg)
{
	return daemon_status(daemon_of(arg));
}

static json_t *hook_database_problems(void *arg)
{
	struct daemon *d = daemon_of(arg);

	return d->health ? health_problems(d->health, true) : NULL;
}

static void hook_connection(void *arg, const char *address, bool has_asked)
{
	struct daemon *d = daemon_of(arg);

	if (d->health)
		health_connection(d->health, address, has_asked);
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
	const struct daemon *d = daemon_of(arg);
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;
	const char *url, *query;
	int rc = *expression ? metrics_expr_parse(expression, stack, tier, &e, err) : 0;

	if (rc < 0 || !e || !metrics_expr_prometheus(e, &url, &query))
		return rc;
	/* It is the stack that is wrong, not who applies it. */
	rc = prometheus_hosts_check(d->o->prometheus_hosts, url, err);
	return rc < 0 ? ERR_INVAL : 0;
}

/* Its VMs would be left where no driver looks for them. */
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
	CLEANUP(driver_close) struct driver *driver = NULL;
	int rc = check_cloud(d, p, err);

	return rc < 0 ? rc : pool_driver_open(&d->pool_opts, p, &driver, err);
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
	CLEANUP(kv_host_access_done) struct kv_host_access host = { 0 };
	char owner[96];
	const struct kv_access person = {
		.owner = owner,
		.limits = &kv_person_limits,
		.read_all = true,
		.write_all = call->may_write,
	};

	owner_of_token(call->token_id, owner, sizeof(owner));
	if (call->is_programs)
		kv_programs_access(d->kv, call->host, &host);
	else if (*call->host)
		kv_host_access(d->kv, call->host, &host);
	host.access.certificate = call->certificate;
	/* Calls of the store are POSTs; /health and /version are not. */
	return kv_serve(d->kv, call->conn,
			strncmp(call->path, "/v3", 3) == 0 ? "POST" : "GET", call->path,
			call->body, call->body_len, *call->host ? &host.access : &person);
}

static void hook_end_owners(void *arg)
{
	struct daemon *d = daemon_of(arg);

	owners_end(d->owners, d->db, d->kv);
}

void daemon_hooks(struct daemon *d, struct api_hooks *ret)
{
	*ret = (struct api_hooks){
		.arg = d,
		.kv = d->kv ? hook_kv : NULL,
		.end_owners = hook_end_owners,
		.poke = hook_poke,
		.status = hook_status,
		.database_problems = hook_database_problems,
		.connection = hook_connection,
		.tier_live = hook_tier_live,
		.check_demand = hook_check_demand,
		.check_pool = hook_check_pool,
		.drain_host = hook_drain_host,
	};
	daemon_services_hooks(ret);
	daemon_metrics_hooks(ret);
	daemon_forecast_hooks(ret);
	daemon_backup_hooks(ret);
	daemon_standby_hooks(ret);
	daemon_drill_hooks(ret);
	daemon_profile_hooks(ret);
}
