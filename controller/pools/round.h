/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * round.h - what the files of pools.h share: one reconcile in the making.
 */
#ifndef CONTROLLER_POOLS_ROUND_H
#define CONTROLLER_POOLS_ROUND_H

#include "driver_load.h"
#include "pools.h"

/* Kept from one reconcile to the next. */
struct pool {
	char *name;
	struct driver *driver; /* NULL: not opened yet */
	char *driver_name;     /* what it is, */
	char *config;          /* and what it was opened with */
	int failures;          /* in a row */
	int64_t retry_mono_ms; /* not before, after a failure */
	uint64_t lists;        /* that were read */
	struct sighting {
		char what[128];
		int count;
		int64_t first_mono_ms;
		uint64_t list; /* of the last one that it was seen in */
	} * sightings;         /* hosts that lists lack, VMs that nobody knows */
	size_t n_sightings;
	struct pool *next;
};

struct pool_round {
	const struct pool_opts *opts;
	struct pool *pool;
	struct db_pool row;
	struct db_host_list hosts;  /* present ones */
	struct db_launch_list open; /* launches whose end is not known */
	struct drv_vm *vms;         /* the cloud's, all of our installation */
	size_t n_vms;
	int64_t now_ms;
	int64_t retry_after_ms; /* real; what the cloud asked for; 0: nothing */
	bool changed;           /* a host did */
	bool limited;           /* some host must wait to be terminated */
};

/*
 * In how many lists in a row, and since when, `what` was seen; 1 the first time. Once a
 * list, however often it is called. Those that a list did not show are forgotten.
 */
const struct sighting *pool_sight(struct pool *p, const char *what);
void pool_unsight(struct pool *p, const char *what);

/* The driver launches a launch id once, so a call that may have happened is sent again.
 */
bool pool_resends(const struct pool_round *r);

/* compare.c: brings hosts and journal in line with what the cloud lists. */
int pool_compare(struct pool_round *r, struct err *err) MUST_CHECK;

/*
 * After pool_compare(): a pool that wants no hosts has had none for long enough, in the
 * journal and in the cloud, so that it can be forgotten.
 */
bool pool_is_empty(struct pool_round *r);

/* launch.c */
int pool_terminate(struct pool_round *r, struct err *err) MUST_CHECK;
int pool_launch(struct pool_round *r, struct err *err) MUST_CHECK;

/* A driver's failure in the words and codes of err.h. */
int pool_driver_err(struct pool_round *r, const struct drv_err *e, struct err *err);

/* The message of a host that is gone and that nobody terminated. */
#define POOL_WHY_VANISHED "its VM is listed no more"

#define POOL_CALL_TIMEOUT_MS 60000
#define POOL_ORPHAN_GRACE_MS 60000

#endif
