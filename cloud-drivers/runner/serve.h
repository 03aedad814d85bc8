/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serve.h - answers the controller, several calls at once if the driver allows it.
 */
#ifndef RUNNER_SERVE_H
#define RUNNER_SERVE_H

#include "runner.h"

/* Says what the driver is, then makes the calls that come through `in`, until it ends. */
void serve(int in, struct out *out, const struct drv_ops *ops);

/* Says instead why there is none. */
void serve_refused(struct out *out, const struct err *e);

#endif
