/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * start.h - from no process to one that has opened the driver.
 */
#ifndef CLOUDS_START_H
#define CLOUDS_START_H

#include "life.h"

#include <jansson.h>

/* Unless it is up; fails while it is too early for another start. The lock is held, but
 * not while it waits. */
int start_process(struct drv *d, int64_t deadline_mono_ms, struct drv_err *err);

/* The option that drv_launch.zone stands above; hello's, NULL: it has no zones. One that
 * does not say is older than the question. */
const char *start_zone_option(const json_t *hello);

#endif
