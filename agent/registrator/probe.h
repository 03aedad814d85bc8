/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe.h - one check of a service: by TCP, HTTP or a command. Never blocks.
 */
#ifndef AGENT_REGISTRATOR_PROBE_H
#define AGENT_REGISTRATOR_PROBE_H

#include "cleanup.h"
#include "net.h"
#include "unitfile.h"

struct service_check;

/* Once, from the loop; the object is freed after it. why: what failed;
 * NULL: passed. */
typedef void service_check_fn(void *arg, const struct err *why);

/* address: this host's. HTTP passes with a status from 200 to 399. */
struct service_check *service_check_start(struct loop *loop, struct httpm *http,
					  const struct x_service *s, const char *address,
					  service_check_fn *fn, void *arg);
void service_check_free(struct service_check *c); /* no call follows; NULL is allowed */

#endif
