/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * service_section.h - Foretide's own sections of a unit file: what the unit serves and how that
 * is checked ([X-Service]), what it asks of a host ([X-Resources]), and where its metrics
 * are read ([X-Metrics]).
 *
 *	[X-Service]            [X-Resources]     [X-Metrics]
 *	Name=web               CPU=0.5           Collect=nginx
 *	Port=8080              Memory=256M       Url=http://127.0.0.1:8080/status
 *	Check=http
 *	CheckPath=/health
 *
 * A Name= begins a further service, a Collect= a further source. Values know systemd's
 * specifiers (unit_expand()). Unlike fleet's section these are ours: a key or value that
 * is not known is refused.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_UNITFILE_SERVICE_SECTION_H
#define FLEET_ADAPTER_UNITFILE_SERVICE_SECTION_H

#include "cleanup.h"
#include "options.h"
#include "name.h"

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
	int64_t drain_ms;          /* DrainSec: real time, default 3 s */
	int weight;                /* of its DNS records; 0 when not given */
	int priority;              /* the same */
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

struct x_resources {
	double cpu;           /* cores; 0 when not given */
	int64_t memory_bytes; /* 0 when not given */
};

int x_resources_read(const struct unit_file *u, struct x_resources *ret,
		     struct err *err) MUST_CHECK;

/* "256M", "1.5G", "1048576": bytes, with K M G T as powers of 1024. */
int x_parse_bytes(const char *text, int64_t *ret, struct err *err) MUST_CHECK;

enum x_collector {
	X_COLLECT_HAPROXY,
	X_COLLECT_VARNISH,
	X_COLLECT_NGINX,
	X_COLLECT_PHP_FPM,
	X_COLLECT_MEMCACHED,
	X_COLLECT_MARIADB,
	X_COLLECT_PROMETHEUS,
};

struct x_source {
	enum x_collector collector;
	char *url;    /* NULL when not given */
	char *socket; /* path of a unix socket; NULL when not given */
};

struct x_metrics {
	struct x_source *v;
	size_t n;
};

int x_metrics_read(const struct unit_file *u, const struct unit_context *ctx,
		   struct x_metrics *ret, struct err *err) MUST_CHECK;
void x_metrics_done(struct x_metrics *m);
DEFINE_CLEANUP_OBJECT(struct x_metrics, x_metrics_done);

#endif
