/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * runner.h - the process that a driver runs in: loads it and gives it what it needs.
 */
#ifndef CLOUD_DRIVERS_RUNNER_H
#define CLOUD_DRIVERS_RUNNER_H

#include "driver.h"
#include "err.h"
#include "out.h"

/*
 * Loads FOLDER/NAME.so and checks its ABI. The library stays loaded; ops is read in place
 * and never copied.
 *
 * ERR_NOT_FOUND: no such file; ERR_ABI: built for another ABI, or not a driver.
 */
int so_load(const char *path, const struct drv_ops **ret, struct err *err) MUST_CHECK;

/* What drivers of all versions have, NULL-ended; and how many calls it takes at once. */
const char *const *so_pool_options(const struct drv_ops *ops);
const char *so_zone_option(const struct drv_ops *ops);  /* NULL: it has no zones */
const char *so_interruption(const struct drv_ops *ops); /* NULL: nobody's */
struct drv_caps so_caps(const struct drv_ops *ops, const struct drv_caps *caps);

/* The table for drivers; safe from any thread. out gets what they log, and must outlive
 * it. */
void runner_services(struct out *out, struct drv_host *ret);

#endif
