/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handshakes.h - TLS connections that wait for their peer before their first request.
 *
 * With epoll libmicrohttpd (0.9.75) looks without a rest at a connection whose handshake
 * waits: only from records, which come after it, does it learn that there is nothing to
 * read. Such a connection is suspended until its socket has something. Once a request
 * began it may be suspended for that, and is left to libmicrohttpd.
 */
#ifndef CONTROLLER_API_HANDSHAKES_H
#define CONTROLLER_API_HANDSHAKES_H

#include "err.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdbool.h>

struct handshakes;
struct loop;

/* The caller's storage, as long as the session; what is in it belongs to handshakes.c. */
struct handshake {
	struct handshakes *all;
	struct MHD_Connection *conn;
	int fd;
	const bool *has_asked;
	struct handshake *prev, *next; /* that wait */
};

/* The loop's thread resumes them. */
int handshakes_new(struct loop *loop, struct handshakes **ret,
		   struct err *err) MUST_CHECK;
/* To be called before the session reads. has_asked: a request began; it is read by the
 * thread of the connection, which sets it. */
void handshakes_add(struct handshakes *all, struct handshake *h,
		    struct MHD_Connection *conn, gnutls_session_t session,
		    const bool *has_asked);
/* None is suspended any more: before the daemon is stopped, after the loop's last turn.
 */
void handshakes_end(struct handshakes *all);
/* After the last session, before the loop; NULL is none. */
void handshakes_free(struct handshakes *all);

#endif
