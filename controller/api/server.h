/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.h - the API's own state, for the api_*.c files alone.
 */
#ifndef CONTROLLER_API_SERVER_H
#define CONTROLLER_API_SERVER_H

#include "request.h"

#include <pthread.h>
#include <sys/socket.h>

#define API_MAGIC 0x61706900u

struct api_stream; /* event_stream.c */
struct api_log_ask; /* logs.c */
struct api_job;     /* job.c */
struct api_replays; /* kept.c */
struct api_logins;  /* auth.c */

#define LISTENER_MAGIC 0x6c736e72u

struct api_listener {
	uint32_t magic;
	struct api *api;
	bool is_tls;
	struct MHD_Daemon *daemon;
	uint16_t port;
};

struct api {
	uint32_t magic;
	struct api_opts opts;
	struct db *db;
	struct ca *ca;
	struct api_hooks hooks;
	int64_t started_ms; /* calendar */
	struct api_listener plain, tls;
	struct api_replays *replays;
	struct api_logins *logins;
	int agent_fd; /* what agent_sum is of, whatever becomes of the path; -1: none */
	size_t agent_size;
	char agent_sum[65]; /* SHA-256 in hex; "" without one */

	/* lock guards the rest; nothing else is locked while it is held. */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the ticker's */
	pthread_t ticker;
	bool stopping;
	uint64_t event_seq; /* grows with every notice */
	struct api_stream *streams;
	struct api_log_ask *log_asks;
	uint64_t log_ask_seq;
	struct api_job *job; /* that runs; NULL: none */
	pthread_cond_t job_over;
	uint64_t requests[6]; /* answered, by status class */
};

/* Of a connection: what its client certificate said, found out at the first request. */
struct api_peer {
	bool is_known;
	int rc; /* of ca_peer() */
	char name[API_NAME_MAX];
};

bool api_is_loopback(const struct sockaddr *a);

#define API_HOOK(r, name) ((r)->api->hooks.name)

void api_poke(struct request *r, const char *why);
/* Adds an event in the name of the caller; failure is not the caller's. */
void api_event(struct request *r, const char *kind, const char *stack, const char *tier,
	       const char *host, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* exchange.c: libmicrohttpd's callbacks; arg is the listener */
enum MHD_Result api_on_request(void *arg, struct MHD_Connection *conn, const char *path,
			       const char *method, const char *version, const char *data,
			       size_t *size, void **state);
void api_on_completed(void *arg, struct MHD_Connection *conn, void **state,
		      enum MHD_RequestTerminationCode why);

/* listen.c */
int api_listen(struct api *api, struct api_listener *l, const char *where, bool is_tls,
	       struct err *err) MUST_CHECK;

/* routes.c */
extern const struct api_route api_routes[]; /* ends with a NULL method */
extern const struct api_route api_kv_route; /* of whatever kv_handles() */
/*
 * The route of a method and path; its arguments go to args. NULL: *ret_allow is "" when
 * there is no such path, else the methods that it has.
 */
const struct api_route *api_route_find(const char *method, const char *path,
				       char args[API_ARGS_MAX][API_ARG_MAX],
				       char ret_allow[64]);

/* auth.c */
struct api_logins *api_logins_new(void);
void api_logins_free(struct api_logins *l);
/* Finds out who calls and whether the route is theirs. */
int api_authorize(struct request *r, struct err *err) MUST_CHECK;
const char *api_role_name(enum api_role role);

/* kept.c: Idempotency-Key */
struct api_replays *api_replays_new(void);
void api_replays_free(struct api_replays *p);
/*
 * True when the answer to this key is known and was given (also when it is refused
 * because the same key came with another body, or its first use is still running).
 */
bool api_replay(struct request *r);
/* Remembers the answer of a request that has a key. */
void api_replay_keep(struct request *r, const char *type, const void *body, size_t len);
void api_replay_forget(struct request *r);

/* event_stream.c and logs.c: run by the ticker and at the end, lock held */
void api_streams_wake(struct api *api, bool heartbeat);
void api_log_asks_wake(struct api *api);
/* {"logs":[..]}: what a host is asked for; called when its metrics came. */
json_t *api_log_asks_of(struct api *api, const char *host);
/* The request's exchange is over. */
void api_log_ask_drop(struct request *r);

/* job.c: the request's exchange is over */
void api_job_drop(struct request *r);
/* Until none runs; lock held. */
void api_job_await(struct api *api);

/* dashboard.c: a file of the dashboard; false when there is none by that name. */
bool api_web_file(struct request *r);

#endif
