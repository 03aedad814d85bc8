/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scrape.h - reads one source of metrics ([X-Metrics] of a unit) without blocking the
 * loop.
 */
#ifndef AGENT_COLLECT_SCRAPE_H
#define AGENT_COLLECT_SCRAPE_H

#include "net.h"
#include "parsers.h"
#include "unitfile.h"

struct scrape;

/* Once, from the loop, after the sink was filled; the object is freed after it. */
typedef void scrape_fn(void *arg, const struct err *err);

/*
 * Where each is read: Url= (http, or tcp://IP:PORT and fcgi://IP:PORT/PATH) or Socket=.
 *   haproxy     its stats socket, or a page with ;csv
 *   varnish     varnishstat -j; Socket= is the instance's folder (-n)
 *   nginx, prometheus  a page
 *   php-fpm     the socket or fcgi address with /status, or a page
 *   memcached   a socket, or tcp; default tcp://127.0.0.1:11211
 *   mariadb     mariadb -e 'SHOW GLOBAL STATUS', through Socket= if given
 * src must remain valid until the scrape ends.
 */
struct scrape *scrape_start(struct loop *loop, struct httpm *http,
			    const struct x_source *src, const struct collect_sink *to,
			    int64_t timeout_ms, scrape_fn *fn, void *arg);
void scrape_free(struct scrape *s); /* no call follows; NULL is allowed */

#endif
