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
#include "clouds.h"
#include "credentials.h"
#include "events.h"
#include "gates.h"
#include "keyring.h"
#include "native.h"
#include "scheduler.h"

#include <jansson.h>

struct pools;

/* What a new host is started with; the caller owns *ret. Called by the workers. */
typedef int pool_user_data_fn(void *arg, const struct db_pool *pool,
			      const struct db_host *host, const char *token, char **ret,
			      struct err *err);

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
	struct clouds *clouds;        /* that the pools' drivers are of; NULL: of none */
	struct keyring *keyring;      /* the credentials in force */
	const char *owner;            /* tag of this installation on every VM */
	const char *join_secret;      /* hosts' join tokens are derived from it */
	const json_t *driver_options; /* {"local": {...}}: overridden by the pools' own */
	const json_t *prices;         /* {"ec2": {"t3.small": "0.0416 USD/h"}}: of hosts,
					 by driver or DRIVER/PROFILE; NULL: none */
	int64_t join_timeout_ms;      /* calendar; a host that has not joined by then has
					 failed */
	/* Within an hour, of one pool and of all; more wait. 0: grows with their size. */
	int64_t terminate_per_hour, terminate_per_hour_total;
	int64_t launch_per_hour, launch_per_hour_total;
	int64_t backoff_first_ms;    /* real, after a first failure; 0: 1 s */
	int64_t call_ms;             /* real; what a call to a driver may take; 0: 60 s */
	int64_t orphan_grace_ms;     /* real; an unknown VM that does not serve is left
				      * alone for so long */
	int64_t held_ms;             /* real; between the lists of a pool that must wait
				      * before it launches, at least; 0: 2 s */
	int64_t unlisted_ms;         /* real; a VM should be in lists so long after its
				      * launch, whatever the driver says; 0: 10 s */
	struct gate_opts gates;      /* how long clouds that fail are left alone */
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
 * Whose metadata service tells hosts of the pool that their cloud takes them back, "none"
 * for nobody's, and its URL, NULL for where it always is: as the configuration says for
 * the driver, else as the driver does. The caller frees both. ERR_INVAL: there is no such
 * service.
 */
int pool_interruption(const struct pool_opts *o, const struct db_pool *p, char **ret,
		      char **ret_url, struct err *err) MUST_CHECK;

/*
 * The options that a pool's driver is opened with: those of the configuration, overridden
 * by the pool's, with the profile's credentials, for driver_open(). The caller owns *ret,
 * which contains secrets.
 */
int pool_driver_config(const struct pool_opts *o, const struct db_pool *p, char **ret,
		       struct err *err) MUST_CHECK;

/* Where a pool is; both are the caller's, and NULL when none is named. */
struct pool_place {
	char *region;
	char *zones; /* a list, in order of preference */
};
/* By the options of pool_driver_config(), and drv_ops.zone_option. What was in *ret is
 * freed. */
void pool_place_read(const char *config, const char *zone_option, struct pool_place *ret);
void pool_place_done(struct pool_place *p);
DEFINE_CLEANUP_OBJECT(struct pool_place, pool_place_done);

/* Opens a driver of its own for the pool: whether its options are right.
 * Errors as driver_open(). */
int pool_driver_open(const struct pool_opts *o, const struct db_pool *p,
		     struct driver **ret, struct err *err) MUST_CHECK;

/* The same with options of pool_driver_config(). Errors name the profile. */
int pool_driver_open_with(const struct pool_opts *o, const struct db_pool *p,
			  const char *config, struct driver **ret,
			  struct err *err) MUST_CHECK;

/* Whether the pool's driver takes these credentials, as far as it sees without asking its
 * cloud. Errors as driver_open(). */
int pool_driver_takes(const struct pool_opts *o, const struct db_pool *p,
		      const json_t *pairs, struct err *err) MUST_CHECK;

/* A driver that is opened for what a person asks of a pool's cloud, and the gate that its
 * calls pass as those of the pools do. */
struct pool_caller {
	struct driver *driver;
	struct gates *gates;
	struct pool_place place;
	char *name, *profile; /* the driver's name */
};
/* Errors as driver_open(). */
int pools_open_caller(struct pools *ps, const struct db_pool *p, struct pool_caller *ret,
		      struct err *err) MUST_CHECK;
void pool_caller_done(struct pool_caller *c);
DEFINE_CLEANUP_OBJECT(struct pool_caller, pool_caller_done);

/* Before each call, which ends by then; 0: pool_caller_leave() tells its end. ERR_UNAVAIL
 * says until when the cloud is left alone, and why. */
int pool_caller_enter(const struct pool_caller *c, int64_t deadline_mono_ms,
		      struct err *err) MUST_CHECK;
void pool_caller_leave(const struct pool_caller *c, int cls, const struct drv_err *e);

/* Ends the VM of a host with a driver of its own, and tells nobody: for drills. */
int pool_kill(struct pools *ps, const struct db_host *h, struct err *err) MUST_CHECK;

/*
 * What a pool's cloud said in this run of the controller, the caller's: {"last_failure",
 * "quota","quota_read"}, each null before. Safe from any thread. What it last refused is
 * {"at","class","message"} and, as far as it said so, "http_status", "code",
 * "request_id".
 */
json_t *pools_said(struct pools *p, const char *name);

/* {"used","limit","left"}, the caller's; the last two are null without a limit. */
json_t *pool_quota_json(const struct drv_quota *q);

/*
 * The gates that were used, as people see them, an array, the caller's: {"driver",
 * "profile","region","calls","zone","type","state","opens","wait_ms","retry_after_ms",
 * "broken_since","failures","tokens","last_failure"}. Safe from any thread.
 */
json_t *pools_gates(struct pools *p);

/* The pool's credentials have changed: its next reconcile does not wait for the end of
 * its backoff. Safe from any thread. */
void pools_renew(struct pools *p, const char *name);

/* One reconcile of the named pool: a sched_fn whose arg is the struct pools. */
int64_t pool_reconcile(void *pools, const char *name);

#endif
