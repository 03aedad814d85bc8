/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_record.h - what this host publishes about itself under its lease: its record for
 * the controller, and its name for DNS.
 */
#ifndef AGENT_HOST_RECORD_H
#define AGENT_HOST_RECORD_H

#include "host.h"
#include "options.h"

#include <jansson.h>

/* vanished: the services whose last list is kept (vanished.h), an array of strings. */
void host_record_publish(struct lease *l, const struct agent_conf *conf,
			 const char *address, const char *domain, int64_t joined_ms,
			 json_t *vanished);

#endif
