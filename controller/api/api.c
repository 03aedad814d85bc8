/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "api.h"

#include "auth.h"
#include "check.h"
#include "clock.h"
#include "event_stream.h"
#include "job.h"
#include "kept.h"
#include "knocks.h"
#include "listen.h"
#include "log.h"
#include "logs.h"
#include "server.h"
#include "text.h"
#include "trust.h"

#include <fcntl.h>
#include <string.h>

#define TICK_MS 1000
#define HEARTBEAT_TICKS 15
#define AGENT_MAX_BYTES (64 << 20)

/* Wakes suspended requests: on new events, every second, and for a heartbeat. */
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
		n++;
		api_streams_wake(api, n % HEARTBEAT_TICKS == 0);
		api_log_asks_wake(api);
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
	api->kept = kept_new();
	api->logins = api_logins_new();
	api->knocks = knocks_new();
	api->known = api_known_new();
	sum_agent(api);
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
	api_streams_wake(api, false);
	api_log_asks_wake(api);
	pthread_cond_signal(&api->wake);
	api_job_await(api);
	pthread_mutex_unlock(&api->lock);
	pthread_join(api->ticker, NULL);
	if (api->plain.daemon)
		MHD_stop_daemon(api->plain.daemon);
	if (api->tls.daemon)
		MHD_stop_daemon(api->tls.daemon);
	pthread_cond_destroy(&api->job_over);
	pthread_cond_destroy(&api->wake);
	pthread_mutex_destroy(&api->lock);
	kept_free(api->kept);
	api_known_free(api->known);
	api_logins_free(api->logins);
	knocks_free(api->knocks);
	if (api->agent_fd >= 0)
		close(api->agent_fd);
	api->magic = 0;
	free(api);
}

bool api_stranger_called(struct api *api, const char *host, int64_t within_ms)
{
	return knocks_has(api->knocks, host, within_ms);
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
