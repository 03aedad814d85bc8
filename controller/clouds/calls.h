/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * calls.h - the ABI's calls as exchanges with a driver's process.
 */
#ifndef CLOUDS_CALLS_H
#define CLOUDS_CALLS_H

#include "driver.h"

#include <jansson.h>

/* What a driver that said hello can do; its strings are hello's. */
void calls_table(const json_t *hello, const char *const *pool_options,
		 struct drv_ops *ret);

#endif
