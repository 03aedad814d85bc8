/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * service_section.h - [X-Service]: what a unit serves and how that is checked.
 *
 *	Name=web
 *	Port=8080
 *	Check=http
 *	CheckPath=/health
 *
 * A Name= begins a further service. Values know systemd's specifiers (unit_expand()).
 * Unlike fleet's section this one is ours: a key or value that is not known is rejected.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_UNITFILE_SERVICE_SECTION_H
#define FLEET_ADAPTER_UNITFILE_SERVICE_SECTION_H

#include "cleanup.h"
#include "options.h"
#include "specifiers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum x_check { X_CHECK_NONE, X_CHECK_TCP, X_CHECK_HTTP, X_CHECK_COMMAND };

struct x_service {
	char *name;                /* a DNS label */
	int port;                  /* 1 to 65535 */
	bool udp;                  /* Protocol=udp; default tcp */
	enum x_check check;        /* default X_CHECK_NONE */
	char *check_path;          /* "/health" */
	char *check_command;       /* for /bin/sh -c */
	int64_t check_interval_ms; /* real time; default 1 s */
	int64_t check_timeout_ms;  /* real time; default 1 s */
	int rise;                  /* passes until healthy, default 1 */
	int fall;                  /* failures until not, default 2 */
	int64_t restart_ms;        /* CheckRestartSec: real time for which it may fail
				      before the unit is restarted, default 30 s; 0: it
				      is not */
	int64_t drain_ms;          /* DrainSec: real time, default 3 s */
	int weight;                /* of its DNS records; 0 when not set */
	int priority;              /* as for weight */
};

struct x_services {
	struct x_service *v;
	size_t n;
};

/* ret is the caller's; x_services_done() also after a failure. No section: n is 0. */
int x_services_read(const struct unit_file *u, const struct unit_context *ctx,
		    struct x_services *ret, struct err *err) MUST_CHECK;
void x_services_done(struct x_services *s);
DEFINE_CLEANUP_OBJECT(struct x_services, x_services_done);

#endif
