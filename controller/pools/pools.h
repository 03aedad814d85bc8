/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pools.h - brings the hosts of each pool, at its cloud, to the desired count: loads
 * cloud drivers, launches and terminates hosts, and finds VMs that nobody knows.
 *
 * One reconcile of a pool: list the cloud's VMs, compare with the journal, launch missing
 * hosts, terminate unneeded ones. Every launch is journalled before the driver is called,
 * so that a controller killed at any point neither loses a VM nor launches one twice. A
 * failing driver makes only its pool wait, with increasing backoff.
 *
 * Every VM that exists or may exist counts against the pool's maximum. Lists are doubted:
 * a VM that a launch call answered is kept until its host joins or is terminated by its
 * id, and a host whose agent lives outvotes a list that lacks it, or says that its VM has
 * failed.
 *
 * The tick decides how many hosts there should be (pool.want) and which are terminated
 * (host state terminating). Runs in the workers of scheduler.h.
 */
#ifndef CONTROLLER_POOLS_POOLS_H
#define CONTROLLER_POOLS_POOLS_H

#include "clock.h"
#include "credentials.h"
#include "driver_load.h"
#include "events.h"
#include "scheduler.h"

#include <jansson.h>

struct pools;

/* The script that a new host runs; the caller owns *ret. Called by the workers. */
typedef int pool_user_data_fn(void *arg, const struct db_host *host, const char *token,
			      char **ret, struct err *err);

/* Whether a host's agent lives, as far as the controller can tell. */
enum pool_voice {
	POOL_SILENT,
	POOL_HEARD,
	POOL_HUNG_UP, /* it was heard a short time ago, and has ended its connections */
	POOL_DEAF, /* the controller itself hears nobody now: nothing may be concluded */
};
typedef enum pool_voice pool_listen_fn(void *arg, const char *host);

struct pool_opts {
	struct db *db;
	const struct events *events;
	const char *drivers_dir;
	const char *credentials;      /* path of the file of profiles */
	const char *owner;            /* tag of this installation on every VM */
	const char *join_secret;      /* hosts' join tokens are derived from it */
	const json_t *driver_options; /* {"local": {...}}: overridden by the pools' own */
	int64_t join_timeout_ms;      /* calendar; a host that has not joined by then has
					 failed */
	/* Within an hour, of one pool and of all; more wait. 0: grows with their size. */
	int64_t terminate_per_hour, terminate_per_hour_total;
	int64_t launch_per_hour, launch_per_hour_total;
	int64_t backoff_first_ms;    /* real, after a first failure; 0: 1 s */
	int64_t orphan_grace_ms;     /* real; an unknown VM that does not serve is left
				      * alone for so long */
	int64_t held_ms;             /* real; between the lists of a pool that must wait
				      * before it launches, at least; 0: 2 s */
	int64_t unlisted_ms;         /* real; a VM should be in lists so long after its
				      * launch, whatever the driver says; 0: 10 s */
	struct clock_wait care;      /* no VM is ended meanwhile: the database was
					restored and may be old */
	int64_t launch_from_mono_ms; /* real, monotonic; nothing is launched before, for
					the same reason: hosts that are not known yet are
					heard meanwhile */
	pool_listen_fn *listen;      /* called by the workers; NULL: all are silent */
	pool_user_data_fn *user_data;
	void (*changed)(void *arg); /* called when hosts changed. Must not block */
	void *arg;                  /* of all three */
};

/* opts and what it points to must outlive the pools. */
struct pools *pools_new(const struct pool_opts *opts);
void pools_free(struct pools *p); /* after the workers have stopped; VMs stay */
DEFINE_CLEANUP(struct pools *, pools_free);

/* Appends the problems of all pools, {"kind","message","since"}. Safe from any thread. */
void pools_problems(struct pools *p, json_t *list);

/*
 * The options that a pool's driver is opened with: those of the configuration, overridden
 * by the pool's, with the profile's credentials. The caller owns *ret, which contains
 * secrets.
 */
int pool_driver_config(const struct pool_opts *o, const struct db_pool *p, char **ret,
		       struct err *err) MUST_CHECK;

/* Ends the VM of a host with a driver of its own, and tells nobody: for drills. */
int pool_kill(const struct pool_opts *o, const struct db_host *h,
	      struct err *err) MUST_CHECK;

/* One reconcile of the named pool: a sched_fn whose arg is the struct pools. */
int64_t pool_reconcile(void *pools, const char *name);

#endif
