/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_record.h - what this host publishes about itself under its lease: its record for
 * the controller, and its name for DNS.
 */
#ifndef AGENT_HOST_RECORD_H
#define AGENT_HOST_RECORD_H

#include "host.h"
#include "interruption.h"
#include "options.h"

#include <jansson.h>

/* Of the services whose last list is kept (vanished.h), the record names so many. */
#define HOST_RECORD_VANISHED 16

/* Adds a service to all of them, an array of strings, or takes it out. */
void host_record_set_vanished(json_t *all, const char *group, bool is);
/* Those that are named, the longest kept first; a new reference. */
json_t *host_record_vanished(const json_t *all);

/* vanished: all services whose last list is kept. put_right: which record others changed
 * lately, in words; "": none. interruption: what the cloud intends with this host. */
void host_record_publish(struct lease *l, const struct agent_conf *conf,
			 const char *address, const char *domain, int64_t joined_ms,
			 const json_t *vanished, const char *put_right,
			 const struct interruption_notice *interruption);

#endif
