/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * targets.h - the addresses of a service, kept up to date from the controller.
 *
 * A thread of its own looks them up, so that this does not delay requests.
 */
#ifndef CLI_LOAD_TARGETS_H
#define CLI_LOAD_TARGETS_H

#include "client.h"

struct load;
struct targets;

/* service: STACK/NAME; both arguments must outlive *ret. targets_stop(). */
int targets_start(const struct args *a, const char *service, struct targets **ret,
		  struct err *err) MUST_CHECK;
void targets_stop(struct targets *t); /* waits for the thread */

/* Gives the load the addresses, when they are new. */
void targets_apply(struct targets *t, struct load *l);

#endif
