/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * calls.h - one call of the controller, made on the driver.
 */
#ifndef RUNNER_CALLS_H
#define RUNNER_CALLS_H

#include "driver.h"
#include "out.h"

/*
 * Makes the call that the request names. What the driver reports meanwhile is written to
 * out; returned is the message that ends the call.
 */
json_t *call_run(const struct drv_ops *ops, struct drv *d, const json_t *request,
		 struct out *out);

/* The message that ends a call in failure. */
json_t *call_failed(const json_t *request, const struct drv_err *e);

#endif
