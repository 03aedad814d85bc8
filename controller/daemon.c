/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon.h"

#include "admin_token.h"
#include "advertise.h"
#include "check.h"
#include "clock.h"
#include "listening.h"
#include "log.h"
#include "own_user.h"
#include "pools.h"
#include "state.h"
#include "trust.h"
#include "wiring.h"

#include <stdio.h>
#include <string.h>

#define WORKERS 64        /* pools that wait for their clouds at once */
#define LOOK_AGAIN_MS 500 /* at the pool of a host that hung up */
#define SETTLE_MS 5
#define DRIVER_STOP_MS 2000 /* that a driver's call may delay the end */
#define HELD_MS 120000      /* real; of one round: it will not end */
#define HEARD_MS 20000      /* real; all hosts that live have called by then */
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
		.names = d->o->names,
		.web_root = d->o->web_root ? d->o->web_root : "",
		.agent = d->o->agent,
		.domain = d->o->domain,
		.store_urls = d->kv ? "" : d->o->store_url,
		.store_secret = d->store_password ? d->join_secret : NULL,
		.cert_life_ms = CERT_LIFE_MS,
		.lost_after_ms = d->o->host_lost_after_ms,
		.metrics_ms = d->o->metrics_interval_ms,
		.queries = { .ms = d->o->query_ms,
			     .samples = (size_t)d->o->query_samples,
			     .at_once = (size_t)d->o->queries_at_once },
		.listening = d->listening,
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

static void set_store(struct daemon *d)
{
	if (d->kv) {
		d->own_store = own_store(d->kv);
		d->store.direct = &d->own_store;
		return;
	}
	d->store = (struct store_opts){
		.endpoints = d->o->store_url,
		.ca_file = d->o->store_ca,
		.cert_file = d->o->store_cert,
		.key_file = d->o->store_key,
		.user = d->o->store_user,
		.password = d->store_password,
	};
	d->users_opts = (struct store_users_opts){
		.db = d->db,
		.store = &d->store,
		.sets_up = d->o->store_auth,
		.secret = d->join_secret,
		.care = d->care,
	};
	d->users = store_users_new(&d->users_opts);
}

static int start_health(struct daemon *d, struct err *err)
{
	struct health_opts opts = {
		.db = d->db,
		.events = &d->events,
		.care = d->care,
	};

	if (!d->kv)
		opts.etcd = d->store;
	return health_start(&opts, &d->health, err);
}

static int first_token(struct daemon *d, struct err *err)
{
	CLEANUP(free) char *path = NULL;
	int rc = admin_token_first(d->db, d->o->state_dir, &path, err);

	if (rc < 0 || !path)
		return rc;
	printf("admin token, in a file that you alone can read: %s\n", path);
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

static int build_user_data(void *arg, const struct db_pool *pool,
			   const struct db_host *host, const char *token, char **ret,
			   struct err *err)
{
	struct daemon *d = arg;
	CLEANUP(free) char *interruption = NULL;
	CLEANUP(free) char *url = NULL;
	char portable[TOKEN_HASH_TEXT];
	int rc;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	rc = pool_interruption(&d->pool_opts, pool, &interruption, &url, err);
	if (rc < 0)
		return rc;
	api_portable_sum(d->api, portable);
	return user_data_make(
		&(struct user_data){
			.host = host->id,
			.pool = host->pool,
			.token = token,
			.controller = d->advertise,
			.ca_pem = ca_pem(d->ca),
			.agent_sha256 = api_agent_sum(d->api),
			.portable_sha256 = portable,
			.domain = d->o->domain,
			.interruption = interruption,
			.interruption_url = url,
			.time_scale = clock_scale(),
			.time_epoch_ms = clock_epoch_ms(),
			.give_up_ms = clock_real_ms(d->o->join_timeout_ms),
			.ignition = strcmp(pool->user_data, "ignition") == 0,
		},
		ret, err);
}

#define CALLED_MS 60000  /* agents call more often */
#define PUSHED_MS 2000   /* that a push may be late */
#define LISTENS_MS 10000 /* within it every agent that lives is heard */

/* By its lease, its pushes, or its calls, which a host without a record makes in vain. */
static bool is_heard(struct daemon *d, const char *host, bool *ret_synced)
{
	CLEANUP(free) char *key = xasprintf("/foretide/hosts/%s", host);
	const int64_t pushed = listening_last_push(d->listening, host);

	return view_has(d->view, key, ret_synced) ||
	       (pushed && clock_mono_ms() - pushed <=
				  clock_real_ms(d->o->metrics_interval_ms) + PUSHED_MS) ||
	       api_stranger_called(d->api, host, CALLED_MS);
}

/* An agent that lives opens its watches again within a moment. */
static bool has_hung_up(struct daemon *d, const char *host)
{
	const int64_t at = d->kv ? hang_ups_last(d->hang_ups, host) : 0;

	return at && listening_last_push(d->listening, host) < at &&
	       !kv_is_watched(d->kv, host);
}

static enum pool_voice listen_to_host(void *arg, const char *host)
{
	struct daemon *d = arg;
	bool is_synced = false;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	if (is_heard(d, host, &is_synced))
		return has_hung_up(d, host) ? POOL_HUNG_UP : POOL_HEARD;
	return is_synced && clock_mono_ms() - listening_since(d->listening, NULL) >=
				       LISTENS_MS
		       ? POOL_SILENT
		       : POOL_DEAF;
}

/* How long nothing is launched, from the start on. */
static int64_t quiet_ms(const struct daemon *d)
{
	const int64_t left_ms = clock_wait_left_ms(&d->care);

	return left_ms > 0 ? MIN(clock_real_ms(left_ms), HEARD_MS) : 0;
}

static void set_pool_opts(struct daemon *d)
{
	d->pool_opts = (struct pool_opts){
		.db = d->db,
		.events = &d->events,
		.drivers_dir = d->o->drivers_dir,
		.clouds = d->clouds,
		.keyring = d->keyring,
		.owner = d->owner,
		.join_secret = d->join_secret,
		.driver_options = d->o->drivers,
		.prices = d->o->prices,
		.join_timeout_ms = d->o->join_timeout_ms,
		.terminate_per_hour = d->o->terminations_per_hour,
		.terminate_per_hour_total = d->o->terminations_per_hour_total,
		.launch_per_hour = d->o->launches_per_hour,
		.launch_per_hour_total = d->o->launches_per_hour_total,
		.orphan_grace_ms = clock_real_ms(d->o->unknown_vm_grace_ms),
		.listen = listen_to_host,
		.care = d->care,
		.launch_from_mono_ms = clock_mono_ms() + quiet_ms(d),
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

/* A watch's peer hung up. The tick's thread goes on: here may be no time for that. */
static void on_hung_up(void *arg, const char *host)
{
	struct daemon *d = arg;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	if (owner_is_host(host) && hang_ups_note(d->hang_ups, host) && d->tick)
		tick_poke(d->tick, false);
}

static void look_at_pool_of(void *arg, const char *host)
{
	struct daemon *d = arg;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	if (db_host_get(d->db, host, &h, NULL) == 0)
		sched_poke_twice(d->sched, h.pool, LOOK_AGAIN_MS);
}

/* On the tick's thread, which ends before the scheduler does. */
static void begin_round(void *arg)
{
	struct daemon *d = arg;

	CHECK_MAGIC(d, DAEMON_MAGIC);
	health_clock(d->health);
	hang_ups_take(d->hang_ups, look_at_pool_of, d);
}

static void set_rights(void *arg, const struct kv_rights *r)
{
	kv_set_rights(arg, r);
}

static void drop_rights(void *arg, const char *host)
{
	kv_drop_rights(arg, host);
}

static int start_tick(struct daemon *d, struct err *err)
{
	struct tick *tick = NULL;
	int rc;

	d->tick_opts = (struct tick_opts){
		.tick_ms = d->o->tick_ms,
		.observer = {
			.grace_ms = d->o->host_grace_ms,
			.lost_after_ms = d->o->host_lost_after_ms,
			.push_ms = clock_real_ms(d->o->metrics_interval_ms),
			.listening = d->listening,
		},
		.care = d->care,
		.begin_round = begin_round,
		.arg = d,
		.settle_ms = SETTLE_MS,
		.db = d->db,
		.events = &d->events,
		.view = d->view,
		.store = &d->store,
		.pools = d->sched,
		.rights = {
			.set = d->kv ? set_rights : store_users_set,
			.drop = d->kv ? drop_rights : store_users_drop,
			.arg = d->kv ? (void *)d->kv : d->users,
			.domain = d->o->domain,
		},
		.users = d->users,
	};
	rc = tick_start(&d->tick_opts, &tick, err);
	if (rc == 0)
		d->tick = tick;
	return rc;
}

static int start_prompull(struct daemon *d, struct err *err)
{
	return prompull_start(d->db, d->o->tick_ms, d->o->prometheus_hosts, &d->prompull,
			      err);
}

int daemon_start(const struct options *o, struct daemon **ret, struct err *err)
{
	struct daemon *d = xcalloc(1, sizeof(*d));
	bool own_store = !o->store_url || !*o->store_url;
	int rc;

	d->magic = DAEMON_MAGIC;
	d->o = o;
	rc = own_user_password(o, &d->store_password, err);
	if (rc == 0)
		rc = daemon_state_open(d, err);
	d->hang_ups = hang_ups_new();
	d->owners = owners_new();
	d->listening = listening_new();
	d->refused = refused_samples_new();
	if (rc == 0)
		rc = listening_start(d->listening, err);
	if (rc == 0 && own_store)
		rc = kv_open(d->db, &(struct kv_opts){ .hung_up = on_hung_up, .arg = d },
			     &d->kv, err);
	d->clouds = clouds_new();
	d->keyring = keyring_new(o->credentials);
	set_pool_opts(d);
	set_store(d);
	/* Before anybody asks: a drill of the previous run is marked as interrupted. */
	if (rc == 0)
		daemon_start_drills(d);
	if (rc < 0 || (rc = start_health(d, err)) < 0 || (rc = open_api(d, err)) < 0 ||
	    (rc = first_token(d, err)) < 0 ||
	    (rc = view_start(&d->store, d->listening, on_view_changed, d, &d->view,
			     err)) < 0 ||
	    (rc = start_pools(d, err)) < 0 || (rc = daemon_start_profiles(d, err)) < 0 ||
	    (rc = start_tick(d, err)) < 0 || (rc = start_prompull(d, err)) < 0 ||
	    (rc = poke_pools(d, err)) < 0) {
		(void)daemon_stop(d);
		return rc;
	}
	log_info("serving", INT("port", api_port(d->api)),
		 INT("host_port", api_host_port(d->api)), STR("advertise", d->advertise),
		 STR("store", own_store ? "embedded" : o->store_url));
	*ret = d;
	return 0;
}

void daemon_reload(struct daemon *d)
{
	CHECK_MAGIC(d, DAEMON_MAGIC);
	profiles_look(d->profiles);
}

bool daemon_is_alive(struct daemon *d)
{
	CHECK_MAGIC(d, DAEMON_MAGIC);
	return tick_busy_ms(d->tick) < HELD_MS;
}

/* The drivers' processes are ended, so that their calls are. */
static bool halt_clouds(struct daemon *d)
{
	log_info("driver-call-left", STR("why", "it has not ended in time; its outcome "
						"is looked for at the next start"));
	clouds_halt(d->clouds);
	return drill_halt(d->drill, DRIVER_STOP_MS) &&
	       profiles_stop(d->profiles, DRIVER_STOP_MS) &&
	       (!d->sched || sched_stop(d->sched, DRIVER_STOP_MS));
}

/* Threads that poke the tick are stopped before it is freed. */
bool daemon_stop(struct daemon *d)
{
	CHECK_MAGIC(d, DAEMON_MAGIC);
	if (!drill_halt(d->drill, DRIVER_STOP_MS) && !halt_clouds(d))
		return false;
	prompull_halt(d->prompull);
	tick_halt(d->tick);
	if (d->sched && !sched_stop(d->sched, DRIVER_STOP_MS) && !halt_clouds(d))
		return false;
	/* After the pools: launches end by themselves if they can, a check need not. */
	if (!profiles_stop(d->profiles, DRIVER_STOP_MS) && !halt_clouds(d))
		return false;
	sched_free(d->sched);
	clouds_end(d->clouds);
	pools_free(d->pools);
	view_stop(d->view);
	d->events.notify = NULL;
	if (d->kv)
		kv_end_watches(d->kv);
	api_close(d->api);
	profiles_free(d->profiles);
	keyring_free(d->keyring);
	clouds_free(d->clouds);
	drill_free(d->drill);
	prompull_stop(d->prompull);
	tick_free(d->tick);
	health_stop(d->health);
	kv_close(d->kv);
	hang_ups_free(d->hang_ups);
	owners_free(d->owners);
	listening_free(d->listening);
	refused_samples_free(d->refused);
	ca_close(d->ca);
	db_close(d->db);
	free(d->owner);
	free(d->join_secret);
	store_users_free(d->users);
	if (d->store_password)
		explicit_bzero(d->store_password, strlen(d->store_password));
	free(d->store_password);
	free(d->advertise);
	free(d);
	return true;
}
