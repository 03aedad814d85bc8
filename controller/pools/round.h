/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * round.h - one reconcile of a pool in the making: what it has read, and its steps.
 */
#ifndef CONTROLLER_POOLS_ROUND_H
#define CONTROLLER_POOLS_ROUND_H

#include "again.h"
#include "ages.h"
#include "caps.h"
#include "choices.h"
#include "missing.h"
#include "pool_problems.h"
#include "pools.h"

/* Hosts that did not come up, since the last one that did. */
struct unjoined {
	int batches; /* launched one after the failure of the other */
	int hosts;
	int64_t last_steady_ms; /* the last failure */
	int64_t next_steady_ms; /* no launch before */
	char last[ERR_MSG_MAX]; /* which host, and why */
	bool is_recalled;       /* what the run before knew */
};

/* Kept from one reconcile to the next. */
struct pool {
	char *name;
	struct driver *driver;       /* NULL: not opened yet */
	char *driver_name;           /* its name, */
	char *config;                /* and the options it was opened with */
	struct pool_place place;     /* by these options; its gates are its region's */
	struct choices choices;      /* of types and zones */
	int failures;                /* in a row */
	int64_t retry_mono_ms;       /* not before, after a failure, */
	_Atomic bool is_renewed;     /* but at once: its credentials are others */
	int64_t types_due_mono_ms;   /* its types and prices are read next */
	int64_t no_spot_mono_ms;     /* until then the cloud has no spot capacity */
	int64_t held_mono_ms;        /* not before, while hosts must wait */
	struct missing_list missing; /* what its lists lack */
	struct ages waits;           /* hosts that have not joined */
	struct ages lost;            /* launches that were given up */
	struct unjoined unjoined;
	int64_t launched_steady_ms;  /* the last launch; 0: none in this run */
	int64_t quota_asked_mono_ms; /* 0: not yet in this run */
	bool is_quota_refused;       /* a launch was, for it, since then */
	bool is_quota_short;         /* hosts wait for it */
	bool launch_fails;           /* the last one did; those that wait are not sent */
	struct again failed, launch_failed;
	struct pool_problems problems;
	json_t *said; /* by its cloud, as pools_said(); under the problems' lock. NULL:
		       * nothing */
	struct pool *next;
};

/* Hosts that are kept though their VMs do not run, by the list. */
struct stopped {
	size_t n;
	const char *one;
	char why[256];
};

struct pool_round {
	const struct pool_opts *opts;
	struct caps *caps;
	struct gates *gates;
	struct pool *pool;
	struct db_pool row;
	struct db_host_list hosts;  /* present ones */
	struct db_launch_list open; /* launches without a known outcome */
	struct drv_vm *vms;         /* listed by the cloud, all of this installation;
				       ordered by launch id */
	size_t n_vms;
	int64_t now_ms;
	int64_t retry_after_ms; /* real; requested by the cloud; 0: none */
	struct gate_refusal
		refused;   /* of a call that was not made; wait_ms 0: all were */
	bool is_refused;   /* the round ended with that */
	int n_no_capacity; /* launches that the cloud had no capacity for */
	bool changed;      /* a host did */
	int64_t again_ms;  /* real; the next round at the latest; 0: not set */
	bool is_short;     /* the list lacks most hosts that live */
	bool is_held;      /* hosts are missing, and must wait */
	bool is_undecided; /* a launch is: its gate is shut, or it may have been made */
	int64_t n_regular, n_spot; /* hosts that are, or are launched */
	int64_t n_unlisted; /* launched VMs that no list shows, and that should be */
	int64_t n_unknown;  /* listed VMs of this pool without a record */
	int64_t n_cut;      /* hosts that joined and have not reached the store, */
	const char *cut;    /* and one of them */
	struct stopped stopped;
	char limited[ERR_MSG_MAX]; /* why terminating some host must wait; "": none must
				    */
};

/* Reads the hosts and the journal, also again after a change. */
int pool_round_load(struct pool_round *r, struct err *err) MUST_CHECK;
void pool_round_done(struct pool_round *r);

/* Launch ids are idempotent with this driver, so an unanswered launch is sent again. */
bool pool_resends(const struct pool_round *r);

/* The next round is due after ms, real, or sooner. */
void pool_look_again(struct pool_round *r, int64_t ms);

/* Until when, monotonic, a driver has time for a call that begins now. */
int64_t pool_call_deadline(const struct pool_opts *o);

/* Its cloud said this, now; for pools_said(), which has the member. Takes value. */
void pool_said(struct pool *p, const char *member, json_t *value);

/* Converts a driver's error. */
int pool_driver_err(struct pool_round *r, const struct drv_err *e,
		    struct err *err) MUST_CHECK;

/* What all pools share. */
const struct pool_opts *pools_opts(const struct pools *p);
struct gates *pools_gate_keeper(struct pools *p);

#define POOL_TRIAL_MORE_MS 5000 /* than a call may take that tries a gate */

/* ---- ask.c: each call to the cloud passes a gate */

/* The gate of a profile in a region; with a choice that of its launches. All strings stay
 * the caller's. */
struct gate_key pool_gate_key(const char *driver, const char *profile,
			      const struct pool_place *place, const struct choice *c);

/*
 * Whether the call may be made now; then pool_asked() tells its end. If not, that is
 * noted (refused), and the round comes again. c: what a launch asks for; NULL: it is
 * none.
 */
bool pool_ask(struct pool_round *r, enum gate_call call,
	      const struct choice *c) MUST_CHECK;
void pool_asked(struct pool_round *r, const struct choice *c, int cls,
		const struct drv_err *e);
/* What refused, as the error that ends the round. */
int pool_unasked(struct pool_round *r, struct err *err) MUST_CHECK;
/* The best type and zone that a launch may ask for now, as pool_ask(). */
bool pool_choose(struct pool_round *r, struct choice *ret) MUST_CHECK;
/* Whether there may be one; if the cloud has no capacity for any, people are told. */
bool pool_has_choice(struct pool_round *r);

/* Whether the agent of the host lives. */
enum pool_voice pool_listen(const struct pool_round *r, const char *host);

/* The VM is listed; NULL. */
const struct drv_vm *pool_vm_of(const struct pool_round *r, const char *launch_id);

/* ---- joining.c: hosts that have not joined */

/* Once in a run, before the others: what the run before knew. */
void pool_recall_unjoined(struct pool_round *r);
/* The host is ready: others may be launched as before. */
void pool_host_joined(struct pool_round *r, const struct db_host *h);
/* It was ready once, or was found at work. */
bool pool_has_joined(const struct db_host *h);
/*
 * A host that is not ready: it fails when its time is over, with the words of `silent` if
 * its agent is not heard, and later if it is heard and has not reached the store, which
 * is counted (cut, n_cut).
 */
int pool_await(struct pool_round *r, struct db_host *h, const char *silent,
	       struct err *err) MUST_CHECK;
/* It is terminated, by its id, and another is launched only after a while. */
int pool_host_failed(struct pool_round *r, struct db_host *h, const char *why,
		     struct err *err) MUST_CHECK;
/* How many of n missing hosts may be launched now, in view of those that did not come. */
int64_t pool_launches_now(struct pool_round *r, int64_t n);

/* ---- stopped.c: hosts that were at work */

/* The list says that the VM of a host has failed, stops or is gone. */
int pool_vm_stopped(struct pool_round *r, struct db_host *h, const struct drv_vm *vm,
		    struct err *err) MUST_CHECK;
/* After it was said of all. */
void pool_tell_stopped(struct pool_round *r);

/* ---- room.c: the pool's maximum */

/* How many hosts are missing and how many of them the maximum allows now. */
int pool_count_missing(struct pool_round *r, int64_t *ret, struct err *err) MUST_CHECK;
/* Of the launch cap; the caps_take() that belongs to it is the caller's. */
int pool_launch_limits(struct pool_round *r, struct cap_limits *ret,
		       struct err *err) MUST_CHECK;

/* VMs of the pool that exist or may exist, but for hosts that are only wanted. */
int pool_count_existing(struct pool_round *r, int64_t *ret, struct err *err) MUST_CHECK;

/* ---- quota.c */

/* Asks for it when it is due. */
int pool_look_at_quota(struct pool_round *r, struct err *err) MUST_CHECK;

/* ---- the steps of a round, in their order */

/* compare.c: brings host records and journal in line with the cloud's list. */
int pool_compare(struct pool_round *r, struct err *err) MUST_CHECK;

/*
 * orphans.c: VMs without a host record: those that serve become hosts, others are told
 * of, and terminated after a while.
 */
int pool_sweep_orphans(struct pool_round *r, struct err *err) MUST_CHECK;

/* type_order.c: puts the types of the row into the order in which they are tried. */
int pool_order_types(struct pool_round *r, struct err *err) MUST_CHECK;

/* pool_types.c: the pool's types and their prices, once an hour. A cloud that does not
 * tell them fails nothing. */
int pool_learn_types(struct pool_round *r, struct err *err) MUST_CHECK;

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

#define POOL_LISTS_UNTIL_GONE 2

#endif
