/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop.h - one epoll loop: descriptors, timers, signals. One thread runs it.
 *
 * Callbacks run in that thread and may add, change and remove anything, including
 * themselves. Deadlines are real monotonic milliseconds (clock_mono_ms()).
 */
#ifndef COMMON_NET_LOOP_H
#define COMMON_NET_LOOP_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;

/* events: EPOLLIN, EPOLLOUT, ... as reported */
typedef void loop_io_fn(void *arg, int fd, uint32_t events);
typedef void loop_timer_fn(void *arg);
typedef void loop_signal_fn(void *arg, int signo);

int loop_new(struct loop **ret, struct err *err) MUST_CHECK;
void loop_free(
	struct loop *l); /* timers and descriptors of callers must have been removed */
DEFINE_CLEANUP(struct loop *, loop_free);

/* One callback per descriptor, which the caller still owns. */
#define loop_io_add(l, fd, events, fn, arg, err) \
	loop_io_add_of(l, fd, events, fn, arg, __FILE__, err)
int loop_io_add_of(struct loop *l, int fd, uint32_t events, loop_io_fn *fn, void *arg,
		   const char *where, struct err *err) MUST_CHECK;
void loop_io_mod(struct loop *l, int fd, uint32_t events);
void loop_io_del(struct loop *l, int fd); /* before the descriptor is closed */

/* A timer starts unset. Setting it again moves it; it fires once per setting. */
#define loop_timer_new(l, fn, arg) loop_timer_new_of(l, fn, arg, __FILE__)
struct loop_timer *loop_timer_new_of(struct loop *l, loop_timer_fn *fn, void *arg,
				     const char *where);
void loop_timer_at(struct loop_timer *t, int64_t mono_ms);
void loop_timer_in(struct loop_timer *t, int64_t ms);
void loop_timer_unset(struct loop_timer *t);
bool loop_timer_is_set(const struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);
DEFINE_CLEANUP(struct loop_timer *, loop_timer_free);

/* Blocks signo in the calling thread and delivers it to fn. */
int loop_signal_add(struct loop *l, int signo, loop_signal_fn *fn, void *arg,
		    struct err *err) MUST_CHECK;

void loop_run(struct loop *l);  /* until loop_stop() */
void loop_stop(struct loop *l); /* from the loop's own thread */
/* Runs what is ready; waits at most ms for something (-1: without limit). */
void loop_once(struct loop *l, int64_t ms);
/*
 * Waits like loop_once(), but runs no callbacks. For a loop whose state a lock guards:
 * another thread may use that state in the meantime, but must not set timers.
 */
void loop_wait(struct loop *l, int64_t ms);

/*
 * How long the loop was held: what runs between two waits, or a process that was stopped.
 * Whatever else is due waits as long. fn is told, from the loop, of each time of least_ms
 * or more: what held it is what the callback said of itself, else its source file.
 */
typedef void loop_held_fn(void *arg, int64_t ms, const char *what);
void loop_on_held(struct loop *l, int64_t least_ms, loop_held_fn *fn, void *arg);
/* What the callback that runs does, for this report. */
void loop_doing(struct loop *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The longest within the last 30 to 60 seconds. */
int64_t loop_longest_us(struct loop *l);

#endif
