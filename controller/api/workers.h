/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * workers.h - the threads that answer people and programs, so that libmicrohttpd's own
 * are there for hosts alone.
 *
 * A request waits, suspended, until a worker takes it: next is the oldest of the callers
 * that have the fewest at work. Evaluated queries run few at a time, one a caller. What
 * waits or runs too long fails. Workers give way to the other threads: they are nice.
 */
#ifndef CONTROLLER_API_WORKERS_H
#define CONTROLLER_API_WORKERS_H

#include "request.h"

struct workers;
struct crowd;

struct workers *workers_new(const struct api_query_limits *limits, struct crowd *crowd);
/* Those that wait fail, those that run are waited for; no more is taken. */
void workers_stop(struct workers *w);
void workers_free(struct workers *w); /* after the last connection */

/*
 * Suspends the request; run is called in a worker. Afterwards libmicrohttpd calls again
 * for the request, and r->again() is called there, or the request is answered by r->rc.
 * ERR_UNAVAIL: the caller's requests, or all, are too many; the request goes on.
 */
int workers_do(struct workers *w, struct request *r, api_handler_fn *run,
	       struct err *err) MUST_CHECK;
/* Fails what has waited too long; called every second. */
void workers_look(struct workers *w);

/*
 * For handlers, in a worker: the request stays suspended after the handler returned,
 * until request_go_on(), which any thread may call, also before. r->again follows.
 */
void request_wait(struct request *r);
void request_go_on(struct request *r);

#endif
