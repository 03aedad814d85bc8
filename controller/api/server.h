/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.h - the state of the API, shared by its parts.
 */
#ifndef CONTROLLER_API_SERVER_H
#define CONTROLLER_API_SERVER_H

#include "api.h"

#include <pthread.h>
#include <stdatomic.h>

#define API_MAGIC 0x61706900u

struct event_feed;   /* event_feed.c */
struct api_log_ask;  /* logs.c */
struct api_job;      /* job.c */
struct repeats;      /* repeats.c */
struct wrong_tokens; /* wrong_tokens.c */
struct knocks;       /* knocks.c */
struct issuing;      /* issuing.c */
struct api_known;    /* auth.c */
struct door;         /* door.c */
struct crowd;        /* crowd.c */
struct acquainted;   /* acquainted.c */
struct workers;      /* workers.c */
struct bodies;       /* bodies.c */

#define LISTENER_MAGIC 0x6c736e72u

struct api_listener {
	uint32_t magic;
	struct api *api;
	bool is_tls;
	struct door *door;
	struct MHD_Daemon *daemon;
	bool is_loopback; /* its address is */
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
	struct workers *workers;
	struct event_feed *event_feed;
	struct crowd *crowd;
	struct acquainted *acquainted;
	struct bodies *bodies;
	struct repeats *repeats;
	struct wrong_tokens *wrong_tokens;
	struct knocks *knocks;
	struct issuing *issuing;
	struct api_known *known;
	int agent_fd; /* the file that agent_sum is of, also if it is replaced;
		       * -1: none */
	size_t agent_size;
	char agent_sum[65]; /* SHA-256 in hex; "" without one */
	struct portable *portable;

	/* lock guards the rest; no other lock is taken while it is held. */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the ticker's */
	pthread_t ticker;
	bool stopping;
	char cut_host[64];  /* that is refused; "": none */
	uint64_t event_seq; /* grows with each event */
	struct api_log_ask *log_asks;
	uint64_t log_ask_seq;
	struct api_job *job; /* the running one; NULL: none */
	pthread_cond_t job_over;
	uint64_t requests[6]; /* answered, by status class */
};

#define API_HOOK(r, name) ((r)->api->hooks.name)

#endif
