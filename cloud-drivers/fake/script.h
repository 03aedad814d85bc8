/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script.h - how the scripted cloud behaves, and the faults it injects.
 *
 * DIR/script.json, read again at every call, so that a test can change faults while the
 * controller runs; a missing file means no faults. All members are optional:
 *
 *	{"boot": "0s",        from launch to running
 *	 "hide": "0s",        a new VM is missing from lists for that long
 *	 "linger": "0s",      a terminated VM stays listed, as gone, for that long
 *	 "quota": 10,         more VMs than that are QUOTA
 *	 "capacity": 5,       more running at once are CAPACITY
 *	 "token": "...",      calls of profiles with another token are AUTH
 *	 "faults": [{"id": "a", "op": "launch", "kind": "throttle", ...}]}
 *
 * A fault strikes calls of its op ("launch", "list", "terminate", "validate", "types",
 * "console", "quota", or "any"), launches for its "pool", of its "type" and in its "zone"
 * alone when these are named, "times" times (1;
 * -1: for ever) after the first "after" (0). How often it struck is stored by its "id"
 * (its text when it has none) in the cloud's own state. The first fault that strikes
 * is used. Kinds:
 *
 *	throttle   429, with "retry_after" when given      THROTTLED
 *	error      503, nothing was done                   TRANSIENT
 *	auth       401                                     AUTH
 *	quota, capacity                                    QUOTA, CAPACITY
 *	timeout    done, but the answer takes until the deadline    AMBIGUOUS
 *	lost       done, but the connection breaks         AMBIGUOUS
 *	drop       not done, the connection breaks         AMBIGUOUS
 *	garbage    an invalid answer                  BUG
 *	hang       done, but the driver never answers      (its process is ended)
 *	crash      done, and the driver's process dies     (AMBIGUOUS)
 *	delay      "delay" later, without a failure
 *	partial    list: breaks off in the middle          TRANSIENT
 *	omit       list: "n" VMs (1) are omitted, without a failure
 *	empty      list: no VM at all, without a failure
 *	ghost      list: terminated VMs are listed as running
 *	kill       list: "n" spot VMs (1), or those that fit the glob "vm", are gone
 *	slow       launch: boots in "boot"
 *	never      launch: stays pending for ever
 *	fail       launch: ends up failed
 */
#ifndef FAKE_SCRIPT_H
#define FAKE_SCRIPT_H

#include "cleanup.h"
#include "driver.h"
#include "err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_THROTTLE,
	FAULT_ERROR,
	FAULT_AUTH,
	FAULT_QUOTA,
	FAULT_CAPACITY,
	FAULT_TIMEOUT,
	FAULT_LOST,
	FAULT_DROP,
	FAULT_GARBAGE,
	FAULT_HANG,
	FAULT_CRASH,
	FAULT_DELAY,
	FAULT_PARTIAL,
	FAULT_OMIT,
	FAULT_EMPTY,
	FAULT_GHOST,
	FAULT_KILL,
	FAULT_SLOW,
	FAULT_NEVER,
	FAULT_FAIL,
};

struct fault {
	enum fault_kind kind;
	int64_t retry_after_ms; /* -1: not set */
	int64_t delay_ms, boot_ms, n;
	char vm[64]; /* glob */
};

struct script {
	json_t *doc;
	int64_t boot_ms, hide_ms, linger_ms;
	int64_t quota, capacity; /* -1: none */
	const char *token;       /* the document's; NULL: none */
};

/* ERR_INVAL for an invalid script. Free with script_done(). */
int script_read(const char *dir, struct script *ret, struct err *err) MUST_CHECK;
void script_done(struct script *s);
DEFINE_CLEANUP_OBJECT(struct script, script_done);

/*
 * The fault that strikes this call, FAULT_NONE mostly. l: what is launched; NULL:
 * nothing. used, an object, counts strikes and is updated.
 */
void script_strike(const struct script *s, const char *op, const struct drv_launch *l,
		   json_t *used, struct fault *ret);

/* Whether the call is to be carried out before it fails (or does not). */
bool fault_acts(enum fault_kind kind);

/* 0 for a fault that does not make the call fail; else the class with *err filled. */
int fault_fail(const struct fault *f, struct drv_err *err);

#endif
