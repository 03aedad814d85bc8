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
	CLEANUP(metrics_expr_free) struct metrics_expr *e = NULL;

	(void)arg;
	return *expression ? metrics_expr_parse(expression, stack, tier, &e, err) : 0;
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
	daemon_drill_hooks(ret);
}
