/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ask.h - one request over a TCP or unix socket: bytes out, bytes in, never blocking.
 */
#ifndef AGENT_COLLECT_ASK_H
#define AGENT_COLLECT_ASK_H

#include "cleanup.h"
#include "err.h"
#include "net.h"

#include <stddef.h>
#include <stdint.h>

struct ask;

/* Once, from the loop; the object is freed after it. data is NUL-terminated. */
typedef void ask_fn(void *arg, const char *data, size_t len, const struct err *err);

struct ask_req {
	const char *unix_path; /* or */
	const char *address;   /* an IP address */
	int port;
	const void *data; /* copied */
	size_t len;
	const char
		*end; /* the answer ends with these bytes; NULL: when the peer closes */
	int64_t timeout_ms;
	size_t max_bytes;
};

struct ask *ask_start(struct loop *l, const struct ask_req *req, ask_fn *fn, void *arg);
void ask_free(struct ask *a); /* no call follows; NULL is allowed */

#endif
