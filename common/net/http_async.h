/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http_async.h - many HTTP exchanges at once on a loop, with kept connections.
 *
 * Requests and answers are http.h's; the request is copied with its body. All callbacks
 * run from the loop, never from inside httpm_start(). They may start and
 * cancel calls, but not close the httpm.
 */
#ifndef COMMON_NET_HTTP_ASYNC_H
#define COMMON_NET_HTTP_ASYNC_H

#include "http.h"
#include "loop.h"

struct httpm;
struct httpm_call;

/*
 * The exchange is over: res, or NULL and err. sent: whether the peer may have seen the
 * request (false for a refused connection). The call is gone after this.
 */
typedef void httpm_done_fn(void *arg, const struct http_res *res, bool sent,
			   const struct err *err);

/*
 * A piece of the body of a 2xx answer, as it arrives. The body in the final http_res is
 * empty then (that of other answers is there). max_answer_bytes does not limit the total,
 * which may be unlimited.
 */
typedef void httpm_data_fn(void *arg, const char *data, size_t n);

int httpm_open(struct loop *loop, struct httpm **ret, struct err *err) MUST_CHECK;
/* Ends every exchange without calling back. Not from a callback. NULL is allowed. */
void httpm_close(struct httpm *m);
DEFINE_CLEANUP(struct httpm *, httpm_close);

/*
 * Starts an exchange. data may be NULL: the body then comes with done. A request
 * that cannot be started (bad URL) is reported through done as well. The handle is
 * valid until done was called or httpm_cancel().
 */
struct httpm_call *httpm_start(struct httpm *m, const struct http_req *req,
			       httpm_data_fn *data, httpm_done_fn *done, void *arg);

/* No callback follows. NULL is allowed. */
void httpm_cancel(struct httpm_call *c);

#endif
