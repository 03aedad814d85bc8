/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "listening.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "pushes.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define PULSE_MS 250
#define LATE_MS 1000 /* a pulse that comes so late: the process stood still */

struct listening {
	pthread_mutex_t lock;
	pthread_cond_t stop;
	pthread_t thread;
	bool is_running;
	int64_t pulse_ms;   /* the latest */
	int64_t boot_ahead; /* of the other clock, when they were compared last */
	int64_t since_ms;
	struct listening_gap gap;
	struct listening_work *works;
	struct pushes pushes;
};

static int64_t boot_ms(void)
{
	struct timespec ts;

	CHECK(clock_gettime(CLOCK_BOOTTIME, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---------------------------------------------------------------- gaps */

static void note_gap(struct listening *l, int64_t now_ms, int64_t for_ms,
		     const char *what)
{
	if (now_ms < l->since_ms)
		return;
	l->since_ms = now_ms;
	l->gap = (struct listening_gap){ now_ms, for_ms, what };
}

static void look_for_gaps(struct listening *l, int64_t now_ms, int64_t now_boot_ms)
{
	const int64_t ahead = now_boot_ms - now_ms;

	if (now_ms - l->pulse_ms > LATE_MS)
		note_gap(l, now_ms, now_ms - l->pulse_ms,
			 "it was stopped or had no processor time");
	if (ahead - l->boot_ahead > LATE_MS)
		note_gap(l, now_ms, ahead - l->boot_ahead, "its machine was suspended");
	l->boot_ahead = ahead;
	for (const struct listening_work *w = l->works; w; w = w->next)
		if (now_ms - w->began_ms > w->most_ms)
			note_gap(l, now_ms, now_ms - w->began_ms, w->what);
}

void listening_pulse(struct listening *l, int64_t now_ms, int64_t now_boot_ms)
{
	pthread_mutex_lock(&l->lock);
	look_for_gaps(l, now_ms, now_boot_ms);
	l->pulse_ms = now_ms;
	pthread_mutex_unlock(&l->lock);
}

int64_t listening_since_at(struct listening *l, int64_t now_ms, int64_t now_boot_ms,
			   struct listening_gap *ret)
{
	int64_t since_ms;

	pthread_mutex_lock(&l->lock);
	look_for_gaps(l, now_ms, now_boot_ms);
	since_ms = l->since_ms;
	if (ret)
		*ret = l->gap;
	pthread_mutex_unlock(&l->lock);
	return since_ms;
}

int64_t listening_since(struct listening *l, struct listening_gap *ret)
{
	return listening_since_at(l, clock_mono_ms(), boot_ms(), ret);
}

/* ---------------------------------------------------------------- work */

void listening_begin_at(struct listening *l, struct listening_work *w, const char *what,
			int64_t most_ms, int64_t now_ms)
{
	if (!l)
		return;
	*w = (struct listening_work){ .what = what,
				      .began_ms = now_ms,
				      .most_ms = most_ms };
	pthread_mutex_lock(&l->lock);
	w->next = l->works;
	if (w->next)
		w->next->prev = w;
	l->works = w;
	pthread_mutex_unlock(&l->lock);
}

void listening_end_at(struct listening *l, struct listening_work *w, int64_t now_ms)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	if (w->prev)
		w->prev->next = w->next;
	else
		l->works = w->next;
	if (w->next)
		w->next->prev = w->prev;
	if (now_ms - w->began_ms > w->most_ms)
		note_gap(l, now_ms, now_ms - w->began_ms, w->what);
	pthread_mutex_unlock(&l->lock);
}

void listening_begin(struct listening *l, struct listening_work *w, const char *what,
		     int64_t most_ms)
{
	listening_begin_at(l, w, what, most_ms, clock_mono_ms());
}

void listening_end(struct listening *l, struct listening_work *w)
{
	listening_end_at(l, w, clock_mono_ms());
}

/* ---------------------------------------------------------------- pushes */

void listening_pushed(struct listening *l, const char *host)
{
	const int64_t now_ms = clock_mono_ms();

	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	pushes_note(&l->pushes, host, now_ms);
	pthread_mutex_unlock(&l->lock);
}

int64_t listening_last_push(struct listening *l, const char *host)
{
	int64_t at_ms;

	if (!l)
		return 0;
	pthread_mutex_lock(&l->lock);
	at_ms = pushes_last(&l->pushes, host);
	pthread_mutex_unlock(&l->lock);
	return at_ms;
}

/* ---------------------------------------------------------------- the thread */

static bool wait_for_pulse(struct listening *l)
{
	const int64_t until = clock_mono_ms() + PULSE_MS;
	const struct timespec ts = { .tv_sec = until / 1000,
				     .tv_nsec = until % 1000 * 1000000 };
	bool goes_on;

	pthread_mutex_lock(&l->lock);
	while (l->is_running && clock_mono_ms() < until)
		pthread_cond_timedwait(&l->stop, &l->lock, &ts);
	goes_on = l->is_running;
	pthread_mutex_unlock(&l->lock);
	return goes_on;
}

static void *run(void *arg)
{
	struct listening *l = arg;
	int64_t told_ms = 0;

	while (wait_for_pulse(l)) {
		struct listening_gap gap;

		listening_pulse(l, clock_mono_ms(), boot_ms());
		listening_since(l, &gap);
		/* A gap that goes on is told once, when it has ended. */
		if (gap.for_ms && gap.until_ms != told_ms &&
		    clock_mono_ms() - gap.until_ms > LATE_MS) {
			told_ms = gap.until_ms;
			log_warn("did-not-listen", STR("why", gap.what),
				 INT("for_ms", gap.for_ms));
		}
	}
	return NULL;
}

struct listening *listening_new(void)
{
	struct listening *l = xcalloc(1, sizeof(*l));
	pthread_condattr_t attr;

	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->stop, &attr);
	pthread_condattr_destroy(&attr);
	l->pulse_ms = l->since_ms = clock_mono_ms();
	l->boot_ahead = boot_ms() - l->pulse_ms;
	return l;
}

int listening_start(struct listening *l, struct err *err)
{
	l->is_running = true;
	if (pthread_create(&l->thread, NULL, run, l) == 0)
		return 0;
	l->is_running = false;
	return err_set(err, ERR_INTERNAL, "cannot start the thread that keeps time");
}

void listening_free(struct listening *l)
{
	if (!l)
		return;
	if (l->is_running) {
		pthread_mutex_lock(&l->lock);
		l->is_running = false;
		pthread_cond_signal(&l->stop);
		pthread_mutex_unlock(&l->lock);
		pthread_join(l->thread, NULL);
	}
	pushes_done(&l->pushes);
	pthread_cond_destroy(&l->stop);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
