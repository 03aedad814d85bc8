/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver_load.h - loads cloud drivers and opens them with options.
 */
#ifndef CONTROLLER_POOLS_DRIVER_LOAD_H
#define CONTROLLER_POOLS_DRIVER_LOAD_H

#include "cleanup.h"
#include "driver.h"
#include "err.h"

/*
 * One driver with one pool's options: d->ops->list(d->drv, ...). One call at a time each;
 * several may be used at once. ops is read in place and never copied.
 */
struct driver {
	const struct drv_ops *ops;
	struct drv *drv;
};

/*
 * Loads dir/name.so, checks its ABI, and opens it with config_json (see drv_ops.open) and
 * driver_host. The library stays loaded until the process exits.
 *
 * ERR_NOT_FOUND: no such driver; ERR_ABI: built for another ABI, or not a driver;
 * ERR_INVAL: it rejected the options.
 */
int driver_open(const char *dir, const char *name, const char *config_json,
		struct driver **ret, struct err *err) MUST_CHECK;

/*
 * The same with other services, for the faults, clocks and transcripts of tests. host
 * must outlive it.
 */
int driver_open_with(const struct drv_host *host, const char *dir, const char *name,
		     const char *config_json, struct driver **ret,
		     struct err *err) MUST_CHECK;

void driver_close(struct driver *d);
DEFINE_CLEANUP(struct driver *, driver_close);

/* The controller's own table, constant and safe from any thread (driver_services.c). */
extern const struct drv_host driver_host;

const char *drv_class_name(int cls); /* "THROTTLED"; "OK" for 0 */

#endif
