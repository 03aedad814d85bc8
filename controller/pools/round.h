/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * round.h - one reconcile of a pool in the making: what it has read, and its steps.
 */
#ifndef CONTROLLER_POOLS_ROUND_H
#define CONTROLLER_POOLS_ROUND_H

#include "driver_load.h"
#include "missing.h"
#include "pools.h"

/* Kept from one reconcile to the next. */
struct pool {
	char *name;
	struct driver *driver;       /* NULL: not opened yet */
	char *driver_name;           /* its name, */
	char *config;                /* and the options it was opened with */
	int failures;                /* in a row */
	int64_t retry_mono_ms;       /* not before, after a failure */
	struct missing_list missing; /* what its lists lack */
	struct pool *next;
};

struct pool_round {
	const struct pool_opts *opts;
	struct pool *pool;
	struct db_pool row;
	struct db_host_list hosts;  /* present ones */
	struct db_launch_list open; /* launches without a known outcome */
	struct drv_vm *vms;         /* listed by the cloud, all of this installation */
	size_t n_vms;
	int64_t now_ms;
	int64_t retry_after_ms; /* real; requested by the cloud; 0: none */
	bool changed;           /* a host did */
	bool limited;           /* terminating some host must wait */
};

/* Reads the hosts and the journal, also again after a change. */
int pool_round_load(struct pool_round *r, struct err *err) MUST_CHECK;
void pool_round_done(struct pool_round *r);

/* Launch ids are idempotent with this driver, so an unanswered launch is sent again. */
bool pool_resends(const struct pool_round *r);

/* Converts a driver's error. */
int pool_driver_err(struct pool_round *r, const struct drv_err *e,
		    struct err *err) MUST_CHECK;

/* ---- the steps of a round, in their order */

/* compare.c: brings host records and journal in line with the cloud's list. */
int pool_compare(struct pool_round *r, struct err *err) MUST_CHECK;

/* orphans.c: VMs without a host record get one and are terminated. */
int pool_sweep_orphans(struct pool_round *r, struct err *err) MUST_CHECK;

/* launch.c */
int pool_launch(struct pool_round *r, struct err *err) MUST_CHECK;

/* terminate.c */
int pool_terminate(struct pool_round *r, struct err *err) MUST_CHECK;

/*
 * orphans.c, after the other steps: whether a pool with max 0 has had no host and no VM
 * for long enough to be forgotten.
 */
bool pool_is_empty(struct pool_round *r);

/* The message of a host that is gone without having been terminated. */
#define POOL_WHY_VANISHED "its VM is listed no more"

#define POOL_CALL_TIMEOUT_MS 60000
#define POOL_LISTS_UNTIL_GONE 2

#endif
