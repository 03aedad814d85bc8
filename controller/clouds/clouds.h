/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clouds.h - cloud drivers, each opened one in a process of its own.
 *
 * A driver that hangs, crashes, leaks or writes nonsense ends its process and fails its
 * calls, as their classes say: what may have happened is DRV_AMBIGUOUS, what only read
 * DRV_TRANSIENT, or DRV_BUG when the process wrote what is none of the protocol. It is
 * started again for the next call, after a time that grows with the ends in a row.
 * foretide-drivers(7) has the protocol.
 */
#ifndef CONTROLLER_CLOUDS_H
#define CONTROLLER_CLOUDS_H

#include "cleanup.h"
#include "driver.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One driver with one pool's options: d->ops->list(d->drv, ...). Safe from any thread; as
 * many calls run at once as caps()->in_flight says, others wait for their turn.
 */
struct driver {
	const struct drv_ops *ops;
	struct drv *drv;
	struct clouds *clouds;
	struct driver *next;
};

/* Those that are open, so that all can be ended at once. */
struct clouds;
struct clouds *clouds_new(void);
void clouds_free(struct clouds *c); /* none of it may be open */

/* Ends the processes of all, now and for ever: calls under way fail, later ones too. */
void clouds_halt(struct clouds *c);

/* The same after their inputs have ended and all had 2 s together to end by themselves:
 * that many drivers are to be closed does not add up. */
void clouds_end(struct clouds *c);

/*
 * Starts its process and opens the driver; waits for that up to 10 s. clouds may be NULL.
 *
 * name is that of DIR/NAME.so, or "exec". config_json is what drv_ops.open gets, and
 * these of the controller, which do not reach it: "command", the program that exec runs;
 * "memory_limit"; "from_stack", a list of those options that a stack has given. Of a list
 * of zones the driver gets the first.
 *
 * ERR_NOT_FOUND: no such driver; ERR_ABI: built for another ABI or protocol, or not a
 * driver; ERR_INVAL: it rejected the options, or a stack may not give one of them;
 * ERR_UNAVAIL: its process did not come up.
 */
int driver_open(struct clouds *clouds, const char *dir, const char *name,
		const char *config_json, struct driver **ret, struct err *err) MUST_CHECK;

void driver_close(struct driver *d);
DEFINE_CLEANUP(struct driver *, driver_close);

/* Why its process has ended, if it has not answered since; ret [size]. */
bool driver_has_trouble(const struct driver *d, char *ret, size_t size);

#endif
