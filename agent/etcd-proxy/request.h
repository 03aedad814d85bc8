/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request.h - requests of HTTP/1.1: which ones pass, and what of them.
 *
 * A call of etcd passes: POST of a path below /v3/ or /v3beta/, GET of /health and
 * /version. Its head is written anew from what was understood of it, so that no member
 * can understand it in another way. All else is refused: paths with an escape, a dot or a
 * query, absolute ones, other methods, and whatever a strict reader would not take.
 */
#ifndef AGENT_ETCD_PROXY_REQUEST_H
#define AGENT_ETCD_PROXY_REQUEST_H

#include "body.h"
#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_HEAD_MAX ((size_t)16 << 10)

struct refusal {
	unsigned status; /* 0: none */
	const char *why;
};

struct request {
	struct body body;
	bool in_body;
	bool is_last; /* the client closes the connection after it */
	/* Requests have it in place of any Authorization, but for a log-in; NULL: they
	 * pass with what they have. */
	const char *token;
};

/*
 * Moves what may pass from in to out, of body at most max bytes. true: another head was
 * moved. ret is set when what follows in in is refused; then nothing of it was moved.
 */
bool request_move(struct request *r, struct buf *in, struct buf *out, size_t max,
		  struct refusal *ret);

/* A complete answer of HTTP/1.1, after which the connection ends. */
void refusal_write(const struct refusal *r, struct buf *out);

#endif
