/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * api.h - the REST API, and the dashboard's files.
 *
 * Plain HTTP listens on loopback for local users and programs, TLS on another address for
 * hosts and remote users. Calls of hosts are answered by libmicrohttpd's threads (two per
 * listener), those of people and programs by workers. Handlers read the database, record
 * intent in it and poke the tick. They never call a driver and never wait for a peer.
 */
#ifndef CONTROLLER_API_API_H
#define CONTROLLER_API_API_H

#include "cleanup.h"
#include "db.h"
#include "err.h"
#include "trust.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

/* What evaluated queries may take, each 0 for the default. */
struct api_query_limits {
	int64_t ms;     /* real: of one request that reads; 10 s */
	size_t samples; /* that one reads; 50 million */
	size_t at_once; /* 2 */
};

struct api;
struct drill_request;
struct listening;

/* Strings must stay valid as long as the api. "": none. */
struct api_opts {
	const char *listen;      /* "127.0.0.1:7070", plain; port 0 takes a free one */
	const char *host_listen; /* "0.0.0.0:7071", TLS */
	bool insecure_listen;    /* allows plain HTTP on other than loopback */
	const char *advertise;   /* "https://10.90.0.1:7071": the URL for hosts */
	const char *names;      /* by which the plain listener is called too, separated by
				 * commas; NULL: none */
	const char *web_root;   /* serves the dashboard from this folder */
	const char *agent;      /* path of the agent that hosts download */
	const char *store_urls; /* separated by commas; "" for the built-in store */
	const char *store_secret; /* hosts' passwords at an etcd; NULL: it has no users */
	const char *domain;       /* of hosts in DNS; NULL: foretide.local */
	int64_t cert_life_ms;     /* of a host's certificate, real */
	int64_t lost_after_ms;    /* real: silence until a host may be ended */
	int64_t metrics_ms;       /* how often an agent reports, calendar */
	struct api_query_limits queries;
	struct listening *listening; /* told of the work of the API's threads; may be
				      * NULL */
};

/* A call of the built-in store. */
struct api_kv_call {
	struct MHD_Connection *conn;
	const char *method;
	const char *path; /* "/v3/kv/range" */
	const char *body;
	size_t body_len;
	const char *host;     /* "": the caller is a person, by token */
	bool is_programs;     /* of the host, not its agent */
	uint64_t certificate; /* a digest of the one that was shown; 0: none */
	int64_t token_id;     /* of a person */
	bool may_write;
};

/* A machine asks which host it is to be. */
struct api_standby {
	const char *kind, *name; /* "machine" or "pool", and which */
	const char *key;         /* that it shows */
	const char *host;        /* that it is now; "": none */
	const char *address;     /* that it calls from */
};

/*
 * Callbacks into the rest of the controller. Any thread may call them at any time, and
 * they must not block for long. NULL: the part is not available, and its routes return
 * 503. The caller owns returned JSON; NULL means not known yet.
 */
struct api_hooks {
	void *arg;
	/* Intent was recorded; why is for the log: "stack", "hold", "drain". */
	void (*poke)(void *arg, const char *why);
	/* {"store":{..},"tick":{..},"problems":[..]} */
	json_t *(*status)(void *arg);
	/* What is wrong with the database, [{"kind","message","since"}], without reading
	 * it; NULL or empty: nothing. */
	json_t *(*database_problems)(void *arg);
	/* A TLS connection of that address asks for something, the first time; or it took
	 * the certificate and ended without. */
	void (*connection)(void *arg, const char *address, bool has_asked);
	/* [{"name","stack","unit","host","address","port","dns"}] of
	 * registered services */
	json_t *(*services)(void *arg);
	/* {"demand":{..},"lead":{..},"hold":..}: values of a tier that are not in the
	 * database */
	json_t *(*tier_live)(void *arg, const char *stack, const char *tier);
	/* {"cpu":ratio,"memory":ratio,..} */
	json_t *(*host_load)(void *arg, const char *host);
	int (*forecast)(void *arg, const char *stack, const char *tier,
			int64_t horizon_ms, json_t **ret, struct err *err);
	/* {"step_ms","points":[{"t","demand","desired","running","capacity"}]} */
	int (*tier_series)(void *arg, const char *stack, const char *tier,
			   int64_t from_ms, int64_t to_ms, int64_t step_ms, json_t **ret,
			   struct err *err);
	/* ERR_INVAL: the demand expression is not valid. */
	int (*check_demand)(void *arg, const char *stack, const char *tier,
			    const char *expression, struct err *err);
	/* An expression as points: {"step_ms","points":[[t,v],..]}. */
	int (*eval)(void *arg, const char *expression, int64_t from_ms, int64_t to_ms,
		    int64_t step_ms, json_t **ret, struct err *err);
	/* ERR_INVAL: there is no such driver, or it rejects the configuration */
	int (*check_pool)(void *arg, const struct db_pool *p, struct err *err);
	/* Drains and removes the host, on request of a user. */
	int (*drain_host)(void *arg, const char *host, struct err *err);
	/* Samples of a host's agent: the body of the request. *ret_refused: which of them
	 * were not taken and why, for the answer; left alone if all were. */
	int (*agent_metrics)(void *arg, const char *host, const json_t *body,
			     json_t **ret_refused, struct err *err);
	/* A backup of all state: an open file without a name, the caller's. May take
	 * seconds. */
	int (*backup)(void *arg, int *ret_fd, struct err *err);
	/* See drill_start(). */
	int (*drill)(void *arg, const struct drill_request *q, bool dry_run, json_t **ret,
		     struct err *err);
	/* See profiles.h: all, one, and a check of one begun. */
	int (*profiles)(void *arg, json_t **ret, struct err *err);
	int (*profile)(void *arg, const char *name, json_t **ret, struct err *err);
	int (*check_profile)(void *arg, const char *name, json_t **ret, struct err *err);
	/* See pools_gates(). */
	int (*gates)(void *arg, json_t **ret, struct err *err);
	/* {"types","checked","quota","quota_read","last_failure"}: what its cloud said of
	 * a pool */
	json_t *(*pool_live)(void *arg, const struct db_pool *pool);
	/* The script of machines that wait; the command that enrols one, with its key;
	 * what one is to run, "# HOST" in its first line, or "# none". ERR_DENIED: the
	 * key is another's. The caller frees *ret. */
	int (*standby)(void *arg, char **ret, struct err *err);
	int (*enrolment)(void *arg, const char *kind, const char *name, char **ret,
			 struct err *err);
	int (*assignment)(void *arg, const struct api_standby *ask, char **ret,
			  struct err *err);
	/* For paths that kv_handles(): queues the answer on conn. NULL with an external
	 * etcd. */
	enum MHD_Result (*kv)(void *arg, const struct api_kv_call *call);
	/* About each second, and soon after a token is revoked or an event: what belongs
	 * to hosts and tokens that ended is to be ended. */
	void (*end_owners)(void *arg);
};

/*
 * Opens the listeners and serves. db, ca and the hooks' arg must outlive it. ERR_DENIED:
 * plain HTTP on an address that is not loopback, without insecure_listen. ERR_INVAL: an
 * address is not valid. ERR_UNAVAIL: cannot listen on it.
 */
int api_open(const struct api_opts *opts, struct db *db, struct ca *ca,
	     const struct api_hooks *hooks, struct api **ret, struct err *err) MUST_CHECK;
/* Ends all streams and waits for the handlers. Call kv_end_watches() before. */
void api_close(struct api *api);
DEFINE_CLEANUP(struct api *, api_close);

/* The listeners' ports; 0: there is no such listener. */
uint16_t api_port(const struct api *api);
uint16_t api_host_port(const struct api *api);

/* SHA-256 of the agent's file in hex, for user data; "": there is no file. */
const char *api_agent_sum(const struct api *api);
/* The same of the portable agent (portable.h), which may have to be made first; "": there
 * is none. */
void api_portable_sum(struct api *api, char ret[TOKEN_HASH_TEXT]);

/*
 * Whether a host that no record knows called within the last real ms, with a certificate
 * of ours. Safe from any thread.
 */
bool api_stranger_called(struct api *api, const char *host, int64_t within_ms);
/* All that the host asks for is refused from now on; "": of no host. For drills. */
void api_cut_host(struct api *api, const char *host);

/* [{"kind","message","since"}]: limits that were reached lately. */
json_t *api_problems(struct api *api);

/* Makes streams send new events at once instead of within a second. */
void api_notify_event(struct api *api);

#endif
