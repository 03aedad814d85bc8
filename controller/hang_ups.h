/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hang_ups.h - hosts whose connection to the built-in store has ended: their pools are
 * looked at, as the cloud may know that the VM is gone. It proves nothing by itself.
 *
 * Bounded: of the latest hosts, each once in a while. Safe from any thread.
 */
#ifndef CONTROLLER_HANG_UPS_H
#define CONTROLLER_HANG_UPS_H

#include "cleanup.h"

#include <stdbool.h>
#include <stdint.h>

#define HANG_UPS_MAX 64

struct hang_ups;

struct hang_ups *hang_ups_new(void);
void hang_ups_free(struct hang_ups *h);
DEFINE_CLEANUP(struct hang_ups *, hang_ups_free);

/* False: this host was noted a short time ago. */
bool hang_ups_note(struct hang_ups *h, const char *host);

/* When it was noted last, real and monotonic, also when it was not new; 0: not lately. */
int64_t hang_ups_last(struct hang_ups *h, const char *host);

/* Calls back with each that was noted since the last call, without a lock. */
void hang_ups_take(struct hang_ups *h, void (*fn)(void *arg, const char *host),
		   void *arg);

#endif
