/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics_section.h - [X-Metrics]: where the metrics of a unit are read.
 *
 * 	Collect=nginx
 * 	Url=http://127.0.0.1:8080/status
 *
 * A Collect= begins a further source. Values know systemd's specifiers (unit_expand()). A
 * key or value that is not known is rejected.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_UNITFILE_METRICS_SECTION_H
#define FLEET_ADAPTER_UNITFILE_METRICS_SECTION_H

#include "cleanup.h"
#include "options.h"
#include "specifiers.h"

#include <stddef.h>

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
	char *url;    /* NULL when not set */
	char *socket; /* path of a unix socket; NULL when not set */
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
