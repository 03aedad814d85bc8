/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * api.h - the REST API: two listeners, one table of routes.
 *
 * Plain HTTP listens on loopback for people and programs of this machine, TLS on another
 * address for hosts and everybody else. Handlers run in libmicrohttpd's threads (two a
 * listener): they read the database, record intent in it and poke. They never call a
 * driver and never wait for a peer.
 */
#ifndef CONTROLLER_API_API_H
#define CONTROLLER_API_API_H

#include "buf.h"
#include "cleanup.h"
#include "db.h"
#include "err.h"
#include "trust.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct api;

/* The controller's own token, by which it speaks to its embedded store: not for people,
 * so they do not see it. */
#define API_OWN_TOKEN "controller (internal)"

/* Strings live as long as the api. Empty ones mean none. */
struct api_opts {
	const char *listen;      /* "127.0.0.1:7070", plain; port 0 takes a free one */
	const char *host_listen; /* "0.0.0.0:7071", TLS */
	bool insecure_listen;    /* allows plain HTTP on other than loopback */
	const char *advertise;   /* "https://10.90.0.1:7071": what hosts call */
	const char *web_root;    /* serves the dashboard from this folder */
	const char *agent;       /* path of the agent that hosts fetch */
	const char *store_urls;  /* comma list; "" for the embedded store */
	const char *domain;      /* of hosts in DNS; NULL: foretide.local */
	int64_t cert_life_ms;    /* of a host's certificate, real */
	int64_t metrics_ms;      /* how often an agent reports, calendar */
};

/* A call of the embedded store. */
struct api_kv_call {
	struct MHD_Connection *conn;
	const char *method;
	const char *path; /* "/v3/kv/range" */
	const char *body;
	size_t body_len;
	const char *host; /* "": the caller is an admin, by token */
	bool may_write;
};

/*
 * What the API asks of the rest of the controller. Any thread may call them at any time
 * and they must not block for long. A hook that is NULL is a part that is not there: its
 * routes answer 503. JSON that is returned is the caller's; NULL means not known yet.
 */
struct api_hooks {
	void *arg;
	/* Something was recorded; why is for the log: "stack", "hold", "drain". */
	void (*poke)(void *arg, const char *why);
	/* {"store":{..},"tick":{..},"problems":[..]} */
	json_t *(*status)(void *arg);
	/* [{"name","stack","unit","host","address","port","dns"}] of what is registered
	 */
	json_t *(*services)(void *arg);
	/* {"demand":{..},"lead":{..},"hold":..}: what of a tier is not in the database */
	json_t *(*tier_live)(void *arg, const char *stack, const char *tier);
	/* {"cpu":ratio,"memory":ratio,..} */
	json_t *(*host_load)(void *arg, const char *host);
	int (*forecast)(void *arg, const char *stack, const char *tier,
			int64_t horizon_ms, json_t **ret, struct err *err);
	/* {"step_ms","points":[{"t","demand","desired","running","capacity"}]} */
	int (*tier_series)(void *arg, const char *stack, const char *tier,
			   int64_t from_ms, int64_t to_ms, int64_t step_ms, json_t **ret,
			   struct err *err);
	/* ERR_INVAL when a demand expression cannot be understood. */
	int (*check_demand)(void *arg, const char *stack, const char *tier,
			    const char *expression, struct err *err);
	/* An expression as points: {"step_ms","points":[[t,v],..]}. */
	int (*eval)(void *arg, const char *expression, int64_t from_ms, int64_t to_ms,
		    int64_t step_ms, json_t **ret, struct err *err);
	/* ERR_INVAL when no such driver is there or it does not like the configuration */
	int (*check_pool)(void *arg, const struct db_pool *p, struct err *err);
	/* A person wants this host emptied and removed. */
	int (*drain_host)(void *arg, const char *host, struct err *err);
	/* Samples of a host's agent: the request's object. */
	int (*agent_metrics)(void *arg, const char *host, const json_t *body,
			     struct err *err);
	/* Adds lines in the Prometheus text format to those of the API itself. */
	void (*prometheus)(void *arg, struct buf *to);
	/* Of the paths that kv_handles(): queues its answer on conn. NULL with a real
	 * etcd. */
	enum MHD_Result (*kv)(void *arg, const struct api_kv_call *call);
};

/*
 * Opens the listeners and serves. db, ca and what hooks point at must outlive it.
 * ERR_DENIED: plain HTTP was asked for on another address than loopback without
 * insecure_listen. ERR_INVAL: an address cannot be understood. ERR_UNAVAIL: it cannot be
 * listened on.
 */
int api_open(const struct api_opts *opts, struct db *db, struct ca *ca,
	     const struct api_hooks *hooks, struct api **ret, struct err *err) MUST_CHECK;
/* Ends all streams and waits for the handlers. The embedded store's watches must have
 * been ended before (kv_end_watches()). */
void api_close(struct api *api);
DEFINE_CLEANUP(struct api *, api_close);

/* The ports listened on; 0 when there is no such listener. */
uint16_t api_port(const struct api *api);
uint16_t api_host_port(const struct api *api);

/* SHA-256 of the agent's file in hex, for user data; "" when there is none. */
const char *api_agent_sum(const struct api *api);

/* Streams look for new events at once; else within a second. */
void api_notify_event(struct api *api);

/*
 * At the very first start, when there is no token at all, makes an admin's: *ret is its
 * secret, to be shown once, and the caller's; NULL when there were tokens.
 */
int api_first_token(struct db *db, char **ret, struct err *err) MUST_CHECK;

#endif
