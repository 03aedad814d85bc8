/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "loop.h"

#include "check.h"
#include "clock.h"
#include "pause.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#define LOOP_MAGIC 0x6c6f6f70u
#define TIMER_MAGIC 0x74696d65u
#define EVENTS_AT_ONCE 64
/* epoll waits whole milliseconds and timers are due at one: this much is no lateness. */
#define TIMER_GRAIN_US 2000
/* A turn begins nothing more after this. */
#define TURN_US 5000

struct watch {
	loop_io_fn *fn; /* NULL: not watched */
	void *arg;
	const char *where;
	uint32_t events;     /* as asked for */
	uint32_t generation; /* distinguishes a reused descriptor */
};

struct loop_timer {
	uint32_t magic;
	struct loop *loop;
	loop_timer_fn *fn;
	void *arg;
	const char *where;
	int64_t due_ms;
	size_t pos; /* in the heap, from 1; 0: not set */
};

struct loop {
	uint32_t magic;
	int epoll_fd;
	bool stopping;
	struct watch *watches; /* by descriptor */
	size_t n_watches;
	struct epoll_event ready[EVENTS_AT_ONCE]; /* as reported */
	int n_ready, next_ready;
	struct loop_timer **heap; /* by due time, heap[1] first */
	size_t n_heap, cap_heap;
	struct pause pause;
	int signal_fd;
	sigset_t signals;
	struct {
		loop_signal_fn *fn;
		void *arg;
	} on_signal[65];
};

int loop_new(struct loop **ret, struct err *err)
{
	CLEANUP(loop_free) struct loop *l = xcalloc(1, sizeof(*l));

	l->magic = LOOP_MAGIC;
	l->signal_fd = -1;
	sigemptyset(&l->signals);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return err_errno(err, ERR_INTERNAL, "epoll_create1");
	*ret = TAKE(l);
	return 0;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	CHECK_MAGIC(l, LOOP_MAGIC);
	if (l->signal_fd >= 0)
		close(l->signal_fd);
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	free(l->watches);
	free(l->heap);
	free(l);
}

/* ---------------------------------------------------------------- descriptors */

static uint64_t event_data(const struct loop *l, int fd)
{
	return (uint64_t)l->watches[fd].generation << 32 | (uint32_t)fd;
}

int loop_io_add_of(struct loop *l, int fd, uint32_t events, loop_io_fn *fn, void *arg,
		   const char *where, struct err *err)
{
	struct epoll_event ev = { .events = events };

	CHECK(fd >= 0 && fn);
	if ((size_t)fd >= l->n_watches) {
		size_t n = (size_t)fd * 2 + 16;

		l->watches = xrealloc(l->watches, n * sizeof(*l->watches));
		memset(l->watches + l->n_watches, 0,
		       (n - l->n_watches) * sizeof(*l->watches));
		l->n_watches = n;
	}
	CHECK(!l->watches[fd].fn);
	l->watches[fd].generation++;
	ev.data.u64 = event_data(l, fd);
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return err_errno(err, ERR_INTERNAL, "epoll_ctl: add descriptor %d", fd);
	l->watches[fd].fn = fn;
	l->watches[fd].arg = arg;
	l->watches[fd].where = where;
	l->watches[fd].events = events;
	return 0;
}

void loop_io_mod(struct loop *l, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events };

	CHECK((size_t)fd < l->n_watches && l->watches[fd].fn);
	ev.data.u64 = event_data(l, fd);
	CHECK(epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, fd, &ev) == 0);
	l->watches[fd].events = events;
}

void loop_io_del(struct loop *l, int fd)
{
	if (fd < 0 || (size_t)fd >= l->n_watches || !l->watches[fd].fn)
		return;
	l->watches[fd].fn = NULL;
	/* A descriptor that was already closed has left the set. */
	(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static void dispatch(struct loop *l, const struct epoll_event *ev)
{
	int fd = (int)(uint32_t)ev->data.u64;
	struct watch *w = &l->watches[fd];
	const char *where = w->where;
	/* It may have been changed since it was reported. */
	uint32_t events = ev->events & (w->events | EPOLLERR | EPOLLHUP);

	if (!w->fn || w->generation != (uint32_t)(ev->data.u64 >> 32) || !events)
		return;
	pause_part_begin(&l->pause);
	w->fn(w->arg, fd, events);
	pause_part_end(&l->pause, where);
}

/* ---------------------------------------------------------------- timers */

static void place(struct loop *l, struct loop_timer *t, size_t pos)
{
	l->heap[pos] = t;
	t->pos = pos;
}

static void sift(struct loop *l, size_t pos)
{
	struct loop_timer *t = l->heap[pos];

	while (pos > 1 && l->heap[pos / 2]->due_ms > t->due_ms) {
		place(l, l->heap[pos / 2], pos);
		pos /= 2;
	}
	for (size_t child; (child = 2 * pos) <= l->n_heap; pos = child) {
		if (child < l->n_heap &&
		    l->heap[child + 1]->due_ms < l->heap[child]->due_ms)
			child++;
		if (l->heap[child]->due_ms >= t->due_ms)
			break;
		place(l, l->heap[child], pos);
	}
	place(l, t, pos);
}

struct loop_timer *loop_timer_new_of(struct loop *l, loop_timer_fn *fn, void *arg,
				     const char *where)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	t->magic = TIMER_MAGIC;
	t->loop = l;
	t->fn = fn;
	t->arg = arg;
	t->where = where;
	return t;
}

void loop_timer_at(struct loop_timer *t, int64_t mono_ms)
{
	struct loop *l = t->loop;

	CHECK_MAGIC(t, TIMER_MAGIC);
	t->due_ms = mono_ms;
	if (!t->pos) {
		if (l->n_heap + 2 > l->cap_heap) {
			l->cap_heap = l->cap_heap * 2 + 16;
			l->heap = xrealloc(l->heap,
					   l->cap_heap * sizeof(struct loop_timer *));
		}
		place(l, t, ++l->n_heap);
	}
	sift(l, t->pos);
}

void loop_timer_in(struct loop_timer *t, int64_t ms)
{
	loop_timer_at(t, clock_mono_ms() + ms);
}

void loop_timer_unset(struct loop_timer *t)
{
	struct loop *l = t->loop;
	struct loop_timer *last;
	size_t pos = t->pos;

	CHECK_MAGIC(t, TIMER_MAGIC);
	if (!pos)
		return;
	t->pos = 0;
	last = l->heap[l->n_heap--];
	if (last == t)
		return;
	place(l, last, pos);
	sift(l, pos);
}

bool loop_timer_is_set(const struct loop_timer *t)
{
	return t->pos != 0;
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	loop_timer_unset(t);
	free(t);
}

/* What is left waits for the next turn: others may have waited for longer. */
static bool took_long(const struct loop *l)
{
	return clock_mono_us() - l->pause.turn_us > TURN_US;
}

/* Fires the timers due now, but always one; those they set wait for the next round. */
static void fire_timers(struct loop *l)
{
	int64_t now = clock_mono_ms();

	for (size_t left = l->n_heap; left > 0 && l->n_heap > 0; left--) {
		struct loop_timer *t = l->heap[1];
		const char *where = t->where;

		if (t->due_ms > now)
			break;
		loop_timer_unset(t);
		pause_part_begin(&l->pause);
		t->fn(t->arg);
		pause_part_end(&l->pause, where);
		if (took_long(l))
			break;
	}
}

/* ---------------------------------------------------------------- signals */

static void on_signal_fd(void *arg, int fd, uint32_t events)
{
	struct loop *l = arg;
	struct signalfd_siginfo info;

	(void)events;
	while (read(fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo < ARRAY_SIZE(l->on_signal) &&
		    l->on_signal[info.ssi_signo].fn)
			l->on_signal[info.ssi_signo].fn(l->on_signal[info.ssi_signo].arg,
							(int)info.ssi_signo);
}

int loop_signal_add(struct loop *l, int signo, loop_signal_fn *fn, void *arg,
		    struct err *err)
{
	int fd;

	CHECK(signo > 0 && (size_t)signo < ARRAY_SIZE(l->on_signal));
	sigaddset(&l->signals, signo);
	if (pthread_sigmask(SIG_BLOCK, &l->signals, NULL) != 0)
		return err_set(err, ERR_INTERNAL, "pthread_sigmask");
	fd = signalfd(l->signal_fd, &l->signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return err_errno(err, ERR_INTERNAL, "signalfd");
	l->on_signal[signo].fn = fn;
	l->on_signal[signo].arg = arg;
	if (l->signal_fd >= 0)
		return 0;
	l->signal_fd = fd;
	return loop_io_add(l, fd, EPOLLIN, on_signal_fd, l, err);
}

/* ---------------------------------------------------------------- running */

static bool has_rest(const struct loop *l)
{
	return l->next_ready < l->n_ready;
}

static int wait_ms(const struct loop *l, int64_t ms)
{
	int64_t until;

	if (has_rest(l))
		return 0;
	if (!l->n_heap)
		return (int)ms;
	until = l->heap[1]->due_ms - clock_mono_ms();
	until = MIN(MAX(until, 0), INT32_MAX);
	return (int)(ms < 0 ? until : MIN(until, ms));
}

/* By how much a wait of so long ended after a timer's due time; 0: it had no timer. */
static int64_t late_us(const struct loop *l, int64_t began_us, int waited_ms)
{
	int64_t due_us;

	if (!l->n_heap || waited_ms < 0)
		return 0;
	due_us = MAX(l->heap[1]->due_ms * 1000, began_us);
	return clock_mono_us() - due_us - TIMER_GRAIN_US;
}

/* What a turn left comes before anything new: asked again, the kernel would report those
 * first that were served already. */
static void ask(struct loop *l, int ms)
{
	if (has_rest(l))
		return;
	l->next_ready = 0;
	l->n_ready = epoll_wait(l->epoll_fd, l->ready, EVENTS_AT_ONCE, ms);
	CHECK(l->n_ready >= 0 || errno == EINTR);
}

static void serve(struct loop *l)
{
	while (has_rest(l) && !l->stopping) {
		dispatch(l, &l->ready[l->next_ready++]);
		if (took_long(l))
			break;
	}
}

void loop_once(struct loop *l, int64_t ms)
{
	int64_t began_us = clock_mono_us();
	int most;

	CHECK_MAGIC(l, LOOP_MAGIC);
	most = wait_ms(l, ms);
	ask(l, most);
	pause_turn_begin(&l->pause, late_us(l, began_us, most));
	serve(l);
	fire_timers(l);
	pause_turn_end(&l->pause);
}

void loop_wait(struct loop *l, int64_t ms)
{
	struct pollfd p = { .fd = l->epoll_fd, .events = POLLIN };
	int n = poll(&p, 1, wait_ms(l, ms));

	CHECK(n >= 0 || errno == EINTR);
}

void loop_run(struct loop *l)
{
	l->stopping = false;
	while (!l->stopping)
		loop_once(l, -1);
}

void loop_stop(struct loop *l)
{
	l->stopping = true;
}

/* ---------------------------------------------------------------- pauses */

void loop_on_held(struct loop *l, int64_t least_ms, loop_held_fn *fn, void *arg)
{
	l->pause.least_ms = least_ms;
	l->pause.fn = fn;
	l->pause.arg = arg;
}

void loop_doing(struct loop *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->pause.doing, sizeof(l->pause.doing), fmt, ap);
	va_end(ap);
}

int64_t loop_longest_us(struct loop *l)
{
	return pause_longest_us(&l->pause);
}
