/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon.h"

#include "advertise.h"
#include "check.h"
#include "clock.h"
#include "log.h"
#include "pools.h"
#include "state.h"
#include "trust.h"
#include "wiring.h"

#include <stdio.h>
#include <string.h>

#define WORKERS 4
#define SETTLE_MS 5
#define CERT_LIFE_MS (30LL * 86400000)

/* ---------------------------------------------------------------- API and store */

static void notify_event(void *arg)
{
	struct daemon *d = arg;

	if (d->api)
		api_notify_event(d->api);
}

static int open_api(struct daemon *d, struct err *err)
{
	struct api_hooks hooks = { .arg = d };
	struct api_opts opts = {
		.listen = d->o->listen,
		.host_listen = d->o->host_listen,
		.insecure_listen = d->o->insecure_listen,
		.web_root = d->o->web_root ? d->o->web_root : "",
		.agent = d->o->agent,
		.domain = d->o->domain,
		.store_urls = d->kv ? "" : d->o->store_url,
		.cert_life_ms = CERT_LIFE_MS,
		.metrics_ms = d->o->metrics_interval_ms,
	};
	const char *colon = strrchr(d->o->host_listen, ':');
	int64_t port = 0;
	int rc = conf_parse_int(colon ? colon + 1 : "", &port, err);

	if (rc == 0)
		rc = advertised_url(d->o, (uint16_t)port, &d->advertise, err);
	if (rc < 0)
		return err_wrap(err, rc, "controller.host_listen");
	opts.advertise = d->advertise;
	daemon_hooks(d, &hooks);
	rc = api_open(&opts, d->db, d->ca, &hooks, &d->api, err);
	if (rc < 0)
		return rc;
	d->events.notify = notify_event;
	d->events.arg = d;
	return 0;
}

/* The token of a previous run is useless, as its secret was not stored. */
static int make_own_token(struct daemon *d, struct err *err)
{
	CLEANUP(db_token_list_done) struct db_token_list l = { 0 };
	char hash[TOKEN_HASH_TEXT];
	struct db_token t = {
		.name = (char *)(uintptr_t)API_OWN_TOKEN,
		.role = DB_ROLE_ADMIN,
		.hash = hash,
		.created_ms = clock_now_ms(),
	};
	int rc = db_token_list(d->db, &l, err);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		if (strcmp(l.v[i].name, API_OWN_TOKEN) == 0 && !l.v[i].revoked)
			rc = db_token_revoke(d->db, l.v[i].id, err);
	if (rc < 0)
		return rc;
	d->token = xmalloc(TOKEN_TEXT);
	token_new(d->token);
	token_hash(d->token, hash);
	return db_token_add(d->db, &t, NULL, err);
}

/* The built-in store is used like any other: over HTTP, here on loopback. */
static int set_store(struct daemon *d, struct err *err)
{
	int rc;

	if (!d->kv) {
		d->store = (struct store_opts){
			.endpoints = d->o->store_url,
			.ca_file = d->o->store_ca,
			.cert_file = d->o->store_cert,
			.key_file = d->o->store_key,
		};
		return 0;
	}
	d->store_url = xasprintf("http://127.0.0.1:%u", api_port(d->api));
	d->store.endpoints = d->store_url;
	rc = make_own_token(d, err);
	d->store.token = d->token;
	return rc;
}

static int first_token(struct daemon *d, struct err *err)
{
	CLEANUP(free) char *token = NULL;
	int rc = api_first_token(d->db, &token, err);

	if (rc < 0 || !token)
		return rc;
	printf("admin token (shown this once): %s\n", token);
	fflush(stdout);
	return 0;
}

/* ---------------------------------------------------------------- the threads */

static void on_view_changed(void *arg)
{
	struct daemon *d = arg;
	struct tick *t = d->tick;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	if (t)
		tick_poke(t, false);
}

static int build_user_data(void *arg, const struct db_host *host, const char *token,
			   char **ret, struct err *err)
{
	struct daemon *d = arg;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	return join_user_data(
		&(struct join_user_data){
			.host = host->id,
			.pool = host->pool,
			.token = token,
			.controller = d->advertise,
			.ca_pem = ca_pem(d->ca),
			.agent_sha256 = api_agent_sum(d->api),
			.domain = d->o->domain,
			.time_scale = clock_scale(),
			.time_epoch_ms = clock_epoch_ms(),
			.give_up_ms = clock_real_ms(d->o->join_timeout_ms),
		},
		ret, err);
}

static void set_pool_opts(struct daemon *d)
{
	d->pool_opts = (struct pool_opts){
		.db = d->db,
		.events = &d->events,
		.drivers_dir = d->o->drivers_dir,
		.credentials = d->o->credentials,
		.owner = d->owner,
		.join_secret = d->join_secret,
		.driver_options = d->o->drivers,
		.join_timeout_ms = d->o->join_timeout_ms,
		.terminate_per_hour = d->o->terminations_per_hour,
		.user_data = build_user_data,
		.changed = on_view_changed,
		.arg = d,
	};
}

static int start_pools(struct daemon *d, struct err *err)
{
	d->pools = pools_new(&d->pool_opts);
	return sched_new(WORKERS, pool_reconcile, d->pools, &d->sched, err);
}

/* Finishes what a previous run left incomplete, without waiting for the tick. */
static int poke_pools(struct daemon *d, struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list l = { 0 };
	int rc = db_pool_list(d->db, &l, err);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		sched_poke(d->sched, l.v[i].name);
	return rc;
}

static int start_tick(struct daemon *d, struct err *err)
{
	struct tick *tick = NULL;
	int rc;

	d->tick_opts = (struct tick_opts){
		.tick_ms = d->o->tick_ms,
		.host_grace_ms = d->o->host_grace_ms,
		.settle_ms = SETTLE_MS,
		.db = d->db,
		.events = &d->events,
		.view = d->view,
		.store = &d->store,
		.pools = d->sched,
	};
	rc = tick_start(&d->tick_opts, &tick, err);
	if (rc == 0)
		d->tick = tick;
	return rc;
}

static int start_prompull(struct daemon *d, struct err *err)
{
	return prompull_start(d->db, d->o->tick_ms, &d->prompull, err);
}

int daemon_start(const struct options *o, struct daemon **ret, struct err *err)
{
	struct daemon *d = xcalloc(1, sizeof(*d));
	bool own_store = !o->store_url || !*o->store_url;
	int rc;

	d->magic = DAEMON_MAGIC;
	d->o = o;
	rc = state_open(d, err);
	if (rc == 0 && own_store)
		rc = kv_open(d->db, NULL, &d->kv, err);
	set_pool_opts(d);
	/* Before anybody asks: a drill of the previous run is marked as interrupted. */
	if (rc == 0)
		daemon_start_drills(d);
	if (rc < 0 || (rc = open_api(d, err)) < 0 || (rc = first_token(d, err)) < 0 ||
	    (rc = set_store(d, err)) < 0 ||
	    (rc = view_start(&d->store, on_view_changed, d, &d->view, err)) < 0 ||
	    (rc = start_pools(d, err)) < 0 || (rc = start_tick(d, err)) < 0 ||
	    (rc = start_prompull(d, err)) < 0 || (rc = poke_pools(d, err)) < 0) {
		daemon_stop(d);
		return rc;
	}
	log_info("serving", INT("port", api_port(d->api)),
		 INT("host_port", api_host_port(d->api)), STR("advertise", d->advertise),
		 STR("store", own_store ? "embedded" : o->store_url));
	*ret = d;
	return 0;
}

/* Threads that poke the tick are stopped before it is freed. */
void daemon_stop(struct daemon *d)
{
	CHECK_MAGIC(d, DAEMON_MAGIC);
	drill_halt(d->drill);
	prompull_stop(d->prompull);
	tick_halt(d->tick);
	sched_free(d->sched);
	pools_free(d->pools);
	view_stop(d->view);
	d->events.notify = NULL;
	if (d->kv)
		kv_end_watches(d->kv);
	api_close(d->api);
	drill_free(d->drill);
	tick_free(d->tick);
	kv_close(d->kv);
	ca_close(d->ca);
	db_close(d->db);
	free(d->owner);
	free(d->join_secret);
	free(d->token);
	free(d->store_url);
	free(d->advertise);
	free(d);
}
