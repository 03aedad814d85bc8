/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_alarm.h - whether an etcd cluster has an alarm raised: it serves reads then, and
 * takes no writes.
 */
#ifndef CONTROLLER_HEALTH_STORE_ALARM_H
#define CONTROLLER_HEALTH_STORE_ALARM_H

#include "store.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Asks one member after another until one answers. Returns the kind of problem with a
 * message for people, or NULL; *ret_known is false when none answered. Blocks for some
 * seconds at most.
 */
const char *store_alarm(const struct store_opts *o, bool *ret_known, char *ret,
			size_t size);

/* The same from the answer to /v3/maintenance/alarm. */
const char *store_alarm_read(const char *answer, size_t len, char *ret, size_t size);

#endif
