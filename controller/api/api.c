/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api.h"

#include "acquainted.h"
#include "address.h"
#include "auth.h"
#include "bodies.h"
#include "check.h"
#include "clock.h"
#include "crowd.h"
#include "event_feed.h"
#include "issuing.h"
#include "job.h"
#include "knocks.h"
#include "listen.h"
#include "log.h"
#include "logs.h"
#include "networks.h"
#include "repeats.h"
#include "server.h"
#include "text.h"
#include "trust.h"
#include "workers.h"
#include "wrong_tokens.h"

#include <fcntl.h>
#include <string.h>

#define TICK_MS 1000
#define HEARTBEAT_TICKS 15
#define AGENT_MAX_BYTES (64 << 20)

/* Wakes suspended requests: on new events, every second, and for a heartbeat. Then what
 * has lost its owner ends. */
static void *tick(void *arg)
{
	struct api *api = arg;
	unsigned n = 0;

	CHECK_MAGIC(api, API_MAGIC);
	pthread_mutex_lock(&api->lock);
	while (!api->stopping) {
		int64_t until = clock_mono_ms() + TICK_MS;
		struct timespec at = { .tv_sec = until / 1000,
				       .tv_nsec = until % 1000 * 1000000 };

		(void)pthread_cond_timedwait(&api->wake, &api->lock, &at);
		pthread_mutex_unlock(&api->lock);
		workers_look(api->workers);
		n++;
		event_feed_wake(api->event_feed, n % HEARTBEAT_TICKS == 0);
		pthread_mutex_lock(&api->lock);
		api_log_asks_wake(api);
		if (api->stopping || !api->hooks.end_owners)
			continue;
		pthread_mutex_unlock(&api->lock);
		api->hooks.end_owners(api->hooks.arg);
		pthread_mutex_lock(&api->lock);
	}
	pthread_mutex_unlock(&api->lock);
	return NULL;
}

static void start_ticker(struct api *api)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&api->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&api->wake, &attr);
	pthread_cond_init(&api->job_over, NULL);
	pthread_condattr_destroy(&attr);
	CHECK(pthread_create(&api->ticker, NULL, tick, api) == 0);
}

/* User data pins the checksum of the agent; without the file no host can join. */
static void sum_agent(struct api *api)
{
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *data = NULL;
	struct err e;

	if (!*api->opts.agent)
		return;
	api->agent_fd = open(api->opts.agent, O_RDONLY | O_CLOEXEC);
	path = xasprintf("/proc/self/fd/%d", api->agent_fd);
	if (api->agent_fd < 0 ||
	    conf_read_file(path, AGENT_MAX_BYTES, &data, &api->agent_size, &e) < 0) {
		log_warn("agent-unreadable", STR("path", api->opts.agent));
		return;
	}
	token_hash_bytes(data, api->agent_size, api->agent_sum);
}

static void greet(struct api *api, const char *address)
{
	const bool is_v6 = strchr(address, ':');
	struct sockaddr_storage from;
	CLEANUP(free)
	char *where = xasprintf("%s%s%s:0", is_v6 ? "[" : "", address, is_v6 ? "]" : "");
	char network[API_ADDRESS_TEXT];

	if (api_address_parse(where, &from, NULL) < 0)
		return; /* a name, of a host that was adopted */
	api_address_network((struct sockaddr *)&from, network);
	acquainted_note(api->acquainted, networks_id(network));
}

/* After a start all hosts come at once, maybe into a crowd, and somebody on this machine
 * looks why. */
static void greet_hosts(struct api *api)
{
	CLEANUP(db_host_list_done) struct db_host_list hosts = { NULL, 0 };

	greet(api, "127.0.0.1");
	greet(api, "::1");
	if (db_host_list(api->db, &(struct db_host_filter){ .present = true }, &hosts,
			 NULL) < 0)
		return; /* they will be known by their certificates */
	for (size_t i = 0; i < hosts.n; i++)
		if (*hosts.v[i].address)
			greet(api, hosts.v[i].address);
}

int api_open(const struct api_opts *opts, struct db *db, struct ca *ca,
	     const struct api_hooks *hooks, struct api **ret, struct err *err)
{
	CLEANUP(api_close) struct api *api = xcalloc(1, sizeof(*api));
	int rc = 0;

	api->magic = API_MAGIC;
	api->opts = *opts;
	api->db = db;
	api->ca = ca;
	api->hooks = *hooks;
	api->agent_fd = -1;
	api->started_ms = clock_now_ms();
	api->repeats = repeats_new();
	api->wrong_tokens = wrong_tokens_new();
	api->knocks = knocks_new();
	api->issuing = issuing_new();
	api->known = api_known_new();
	api->crowd = crowd_new();
	api->acquainted = acquainted_new();
	greet_hosts(api);
	api->bodies = bodies_new();
	api->workers = workers_new(&opts->queries, api->crowd);
	api->event_feed = event_feed_new(api);
	sum_agent(api);
	api->portable = portable_new(*api->agent_sum ? api->agent_fd : -1);
	start_ticker(api);
	if (*opts->listen)
		rc = api_listen(api, &api->plain, opts->listen, false, err);
	if (rc == 0 && *opts->host_listen)
		rc = api_listen(api, &api->tls, opts->host_listen, true, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(api);
	return 0;
}

void api_close(struct api *api)
{
	if (!api)
		return;
	CHECK_MAGIC(api, API_MAGIC);
	pthread_mutex_lock(&api->lock);
	api->stopping = true;
	api_log_asks_wake(api);
	pthread_cond_signal(&api->wake);
	api_job_await(api);
	pthread_mutex_unlock(&api->lock);
	pthread_join(api->ticker, NULL);
	workers_stop(api->workers);
	event_feed_stop(api->event_feed);
	api_listen_end(&api->plain);
	api_listen_end(&api->tls);
	event_feed_free(api->event_feed);
	workers_free(api->workers);
	crowd_free(api->crowd);
	acquainted_free(api->acquainted);
	bodies_free(api->bodies);
	pthread_cond_destroy(&api->job_over);
	pthread_cond_destroy(&api->wake);
	pthread_mutex_destroy(&api->lock);
	repeats_free(api->repeats);
	api_known_free(api->known);
	wrong_tokens_free(api->wrong_tokens);
	knocks_free(api->knocks);
	issuing_free(api->issuing);
	portable_free(api->portable);
	if (api->agent_fd >= 0)
		close(api->agent_fd);
	api->magic = 0;
	free(api);
}

bool api_stranger_called(struct api *api, const char *host, int64_t within_ms)
{
	return knocks_has(api->knocks, host, within_ms);
}

json_t *api_problems(struct api *api)
{
	return crowd_problems(api->crowd, clock_mono_ms());
}

uint16_t api_port(const struct api *api)
{
	return api->plain.port;
}

uint16_t api_host_port(const struct api *api)
{
	return api->tls.port;
}

const char *api_agent_sum(const struct api *api)
{
	return api->agent_sum;
}

void api_portable_sum(struct api *api, char ret[TOKEN_HASH_TEXT])
{
	struct portable_file file = { .sum = "" };

	(void)!portable_get(api->portable, true, &file, NULL);
	memcpy(ret, file.sum, TOKEN_HASH_TEXT);
}
