/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver_host.h - what the controller gives to drivers: HTTP, clocks, random, log.
 */
#ifndef CONTROLLER_DRIVER_HOST_H
#define CONTROLLER_DRIVER_HOST_H

#include "driver.h"

/* Constant and safe from any thread; good for every driver_open(). */
extern const struct drv_host driver_host;

#endif
