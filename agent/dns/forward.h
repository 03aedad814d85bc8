/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forward.h - queries nameservers, one after the other.
 *
 * Each query has a socket, a port and an id of its own; an answer is accepted only with
 * that id and the same question. At most 256 are under way.
 */
#ifndef AGENT_DNS_FORWARD_H
#define AGENT_DNS_FORWARD_H

#include "cleanup.h"
#include "err.h"
#include "net.h"
#include "socket_address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct forward;

/*
 * servers as in dns_opts.forward; NULL: the nameservers of the file resolv_conf but own.
 * ERR_INVAL when one is not an address.
 */
int forward_new(struct loop *l, const char *servers, const char *resolv_conf,
		const struct dns_address *own, int64_t timeout_ms, struct forward **ret,
		struct err *err) MUST_CHECK;
void forward_free(struct forward *f); /* queries under way get NULL */
DEFINE_CLEANUP(struct forward *, forward_free);

size_t forward_count(const struct forward *f); /* nameservers */

/* answer NULL: none came. It has the query's id. Called once from the loop. */
typedef void forward_fn(void *arg, uint8_t *answer, size_t len);

/* false when too many are under way: fn is not called. query is copied. */
bool forward_ask(struct forward *f, const uint8_t *query, size_t len, bool tcp,
		 forward_fn *fn, void *arg);

#endif
