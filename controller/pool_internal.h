/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool_internal.h - what the files of pool.h share: one reconcile in the making.
 */
#ifndef CONTROLLER_POOL_INTERNAL_H
#define CONTROLLER_POOL_INTERNAL_H

#include "driver_load.h"
#include "pool.h"

/* Kept from one reconcile to the next. */
struct pool {
	char *name;
	struct driver *driver; /* NULL: not opened yet */
	char *config;          /* what it was opened with */
	int failures;          /* in a row */
	struct sighting {
		char what[64];
		int count;
		int64_t first_mono_ms;
	} * sightings; /* hosts that lists lack, VMs that nobody knows */
	size_t n_sightings;
	int64_t terminated_ms[64]; /* calendar times of the last terminations, a ring */
	size_t n_terminated;
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
	bool changed; /* a host did */
};

/* How often, in a row and since when, `what` was seen; 1 the first time. */
struct sighting *pool_sight(struct pool *p, const char *what);
void pool_unsight(struct pool *p, const char *what);

/* pool_list.c: brings hosts and journal in line with what the cloud lists. */
int pool_compare(struct pool_round *r, struct err *err) MUST_CHECK;

/* pool_act.c */
int pool_terminate(struct pool_round *r, struct err *err) MUST_CHECK;
int pool_launch(struct pool_round *r, struct err *err) MUST_CHECK;

/* A driver's failure in the words and codes of err.h. */
int pool_driver_err(const struct pool_round *r, const struct drv_err *e, struct err *err);

#define POOL_CALL_TIMEOUT_MS 60000

#endif
