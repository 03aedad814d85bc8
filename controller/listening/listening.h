/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listening.h - whether this controller itself listened to its hosts, and when each
 * host last pushed metrics.
 *
 * A host is silent only for as long as somebody listened. The process is deaf when it is
 * stopped, suspended with its machine or gets no processor time, and when a thread that
 * carries leases, pushes or the store's news is held by one piece of work: then nothing
 * follows from what was not heard, and every silence begins anew. A thread of its own
 * keeps the time; whoever asks finds a late one as well, so that nobody who runs before
 * it after a stop is deceived.
 *
 * Times are real and monotonic. Safe from any thread.
 */
#ifndef CONTROLLER_LISTENING_LISTENING_H
#define CONTROLLER_LISTENING_LISTENING_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stdint.h>

struct listening;

struct listening *listening_new(void);
/* Starts the thread. Without it, listening_pulse() must be called every 250 ms. */
int listening_start(struct listening *l, struct err *err) MUST_CHECK;
void listening_free(struct listening *l);
DEFINE_CLEANUP(struct listening *, listening_free);

/* A piece of work of a thread that listens; the caller's memory, until its end. */
struct listening_work {
	const char *what; /* "answering requests" */
	int64_t began_ms, most_ms;
	struct listening_work *prev, *next;
};

/* Above most_ms nobody listened. Here and in the calls of pushes l may be NULL: then
 * nothing is kept. */
void listening_begin(struct listening *l, struct listening_work *w, const char *what,
		     int64_t most_ms);
void listening_end(struct listening *l, struct listening_work *w);

/* The latest time that it did not listen; for_ms 0: it always did. */
struct listening_gap {
	int64_t until_ms, for_ms;
	const char *what; /* static text */
};

/* Since when it has listened without a break. ret may be NULL. */
int64_t listening_since(struct listening *l, struct listening_gap *ret);

/* The host proved by its certificate that it lives. */
void listening_pushed(struct listening *l, const char *host);
/* When it did so last; 0: never. */
int64_t listening_last_push(struct listening *l, const char *host);

/* ---- with times given, for the thread and for tests. boot_ms: a clock that goes on
 * while the machine is suspended. */
void listening_pulse(struct listening *l, int64_t now_ms, int64_t boot_ms);
int64_t listening_since_at(struct listening *l, int64_t now_ms, int64_t boot_ms,
			   struct listening_gap *ret);
void listening_begin_at(struct listening *l, struct listening_work *w, const char *what,
			int64_t most_ms, int64_t now_ms);
void listening_end_at(struct listening *l, struct listening_work *w, int64_t now_ms);

#endif
