/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver_load.h - opens cloud drivers and calls them.
 *
 * A struct driver is one driver with one pool's options. One call at a time each; several
 * of them may be used at once. The calls block until their deadline at most.
 */
#ifndef CONTROLLER_DRIVER_LOAD_H
#define CONTROLLER_DRIVER_LOAD_H

#include "cleanup.h"
#include "driver.h"
#include "err.h"

struct driver;

/*
 * Loads dir/name.so, checks its ABI, and opens it with config_json (see drv_ops.open).
 * host must live longer. The library stays loaded for the life of the process.
 *
 * ERR_NOT_FOUND: no such driver; ERR_ABI: built for another ABI, or no driver at all;
 * ERR_INVAL: it refused the options.
 */
int driver_open(const char *dir, const char *name, const struct drv_host *host,
		const char *config_json, struct driver **ret, struct err *err) MUST_CHECK;
void driver_close(struct driver *d);
DEFINE_CLEANUP(struct driver *, driver_close);

const char *driver_name(const struct driver *d);
const struct drv_caps *driver_caps(const struct driver *d);

/*
 * The calls of drv_ops; timeout_ms is real. Each returns 0 or an enum drv_class with
 * *err filled. An optional call that the driver has not is DRV_NOTSUP.
 */
int driver_validate(struct driver *d, int64_t timeout_ms, drv_report_fn *report,
		    void *arg, struct drv_err *err) MUST_CHECK;
int driver_types(struct driver *d, int64_t timeout_ms, drv_type_fn *each, void *arg,
		 struct drv_err *err) MUST_CHECK;
int driver_launch(struct driver *d, const struct drv_launch *launch, int64_t timeout_ms,
		  struct drv_vm *ret, struct drv_err *err) MUST_CHECK;
int driver_terminate(struct driver *d, const char *owner, const char *vm_id,
		     int64_t timeout_ms, struct drv_err *err) MUST_CHECK;
int driver_console(struct driver *d, const char *vm_id, int64_t timeout_ms,
		   drv_text_fn *text, void *arg, struct drv_err *err) MUST_CHECK;
int driver_quota(struct driver *d, int64_t timeout_ms, struct drv_quota *ret,
		 struct drv_err *err) MUST_CHECK;

/* Every VM of owner, or none and the error: the caller frees *ret. */
int driver_list(struct driver *d, const char *owner, int64_t timeout_ms,
		struct drv_vm **ret, size_t *ret_n, struct drv_err *err) MUST_CHECK;

/* "THROTTLED"; "OK" for 0 */
const char *drv_class_name(int cls);
const char *drv_vm_state_name(enum drv_vm_state state); /* "pending" */
/* As an ERR_* with words that name the driver, for callers of other kinds. */
int drv_err_to_err(const struct driver *d, const struct drv_err *from, struct err *err);

#endif
