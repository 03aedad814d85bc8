/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * power.h - a machine is switched on and off, where it says how.
 */
#ifndef STATIC_POWER_H
#define STATIC_POWER_H

#include "machines.h"

/*
 * Wakes it by its MAC address and runs its command power_on, each if it has one; both may
 * be done again. Returns when they were sent and have ended: the machine boots meanwhile.
 */
int power_on(const struct machine *m, int64_t wait_ms, struct err *err) MUST_CHECK;
/* Runs its command power_off. */
int power_off(const struct machine *m, int64_t wait_ms, struct err *err) MUST_CHECK;

#endif
