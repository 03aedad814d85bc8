/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prometheus_hosts.h - which Prometheus servers a demand may name: it is an operator who
 * writes it, and the controller that calls.
 *
 * allowed is [metrics] prometheus_hosts: "host" or "host:port", separated by commas or
 * blanks. NULL or "": every host but this machine, link-local addresses and those at
 * which clouds give out a machine's credentials.
 */
#ifndef CONTROLLER_METRICS_PROMETHEUS_HOSTS_H
#define CONTROLLER_METRICS_PROMETHEUS_HOSTS_H

#include "err.h"

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Looks nothing up: a name that is not refused here may have an address that is when it
 * is called. ERR_DENIED; ERR_INVAL: it is no http or https URL.
 */
int prometheus_hosts_check(const char *allowed, const char *url,
			   struct err *err) MUST_CHECK;

/* Whether an address may be called where none is allowed by name. */
bool prometheus_address_is_open(const struct sockaddr *address);

#endif
