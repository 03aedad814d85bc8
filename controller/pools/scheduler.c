/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scheduler.h"

#include "check.h"
#include "clock.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define SCHED_MAGIC 0x73636864u

struct job {
	char *name;
	int64_t due_mono_ms;
	bool running;
	bool poked;           /* while it was running */
	int64_t look_mono_ms; /* also due then; 0: not */
	struct job *next;
};

struct sched {
	uint32_t magic;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping;
	struct job *jobs; /* few: a linear search suffices */
	sched_fn *fn;
	void *arg;
	pthread_t *threads;
	size_t n_threads, most_threads;
	size_t n_working; /* threads that have not ended */
	size_t n_idle;    /* those that wait for a job */
};

static void *worker(void *arg);

static bool add_worker(struct sched *s)
{
	if (s->n_threads == s->most_threads ||
	    pthread_create(&s->threads[s->n_threads], NULL, worker, s) != 0)
		return false;
	s->n_threads++;
	s->n_working++;
	return true;
}

static struct job *find(struct sched *s, const char *name)
{
	struct job *j = s->jobs;

	while (j && strcmp(j->name, name) != 0)
		j = j->next;
	return j;
}

static void drop(struct sched *s, struct job *j)
{
	struct job **at = &s->jobs;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	free(j->name);
	free(j);
}

static struct job *first_due(struct sched *s)
{
	struct job *first = NULL;

	for (struct job *j = s->jobs; j; j = j->next)
		if (!j->running && (!first || j->due_mono_ms < first->due_mono_ms))
			first = j;
	return first;
}

/* Waits on the head without removing it, so that an earlier job wakes the worker. */
static void wait_until(struct sched *s, const struct job *j)
{
	struct timespec ts;

	if (!j) {
		pthread_cond_wait(&s->changed, &s->lock);
		return;
	}
	ts.tv_sec = j->due_mono_ms / 1000;
	ts.tv_nsec = j->due_mono_ms % 1000 * 1000000;
	pthread_cond_timedwait(&s->changed, &s->lock, &ts);
}

static void run(struct sched *s, struct job *j)
{
	int64_t again_ms;

	j->running = true;
	j->poked = false;
	/* A job may wait for its cloud for long: somebody must be there for the others.
	 */
	if (s->n_idle == 0 && !s->stopping)
		(void)add_worker(s);
	pthread_mutex_unlock(&s->lock);
	again_ms = s->fn(s->arg, j->name);
	pthread_mutex_lock(&s->lock);
	j->running = false;
	if (again_ms < 0 && !j->poked) {
		drop(s, j);
		pthread_cond_broadcast(&s->changed);
		return;
	}
	j->due_mono_ms = clock_mono_ms() + (j->poked ? 0 : again_ms);
	/* Poked meanwhile it is due anyway, and the look is for after that. */
	if (j->look_mono_ms && !j->poked) {
		j->due_mono_ms = MIN(j->due_mono_ms, j->look_mono_ms);
		j->look_mono_ms = 0;
	}
	pthread_cond_broadcast(&s->changed);
}

static void *worker(void *arg)
{
	struct sched *s = arg;

	CHECK_MAGIC(s, SCHED_MAGIC);
	pthread_mutex_lock(&s->lock);
	while (!s->stopping) {
		struct job *j = first_due(s);

		if (j && j->due_mono_ms <= clock_mono_ms()) {
			run(s, j);
			continue;
		}
		s->n_idle++;
		wait_until(s, j);
		s->n_idle--;
	}
	s->n_working--;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int sched_new(size_t workers, sched_fn *fn, void *arg, struct sched **ret,
	      struct err *err)
{
	CLEANUP(sched_free) struct sched *s = xcalloc(1, sizeof(*s));
	pthread_condattr_t attr;

	s->magic = SCHED_MAGIC;
	s->fn = fn;
	s->arg = arg;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attr);
	pthread_condattr_destroy(&attr);
	s->threads = xcalloc(workers, sizeof(*s->threads));
	s->most_threads = workers;
	if (!add_worker(s))
		return err_set(err, ERR_INTERNAL, "cannot start a worker thread");
	*ret = TAKE(s);
	return 0;
}

bool sched_stop(struct sched *s, int64_t wait_ms)
{
	const int64_t until = clock_mono_ms() + wait_ms;
	const struct timespec ts = { .tv_sec = until / 1000,
				     .tv_nsec = until % 1000 * 1000000 };
	bool is_over;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->changed);
	while (s->n_working > 0 && rc == 0)
		rc = pthread_cond_timedwait(&s->changed, &s->lock, &ts);
	is_over = s->n_working == 0;
	pthread_mutex_unlock(&s->lock);
	return is_over;
}

void sched_free(struct sched *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < s->n_threads; i++)
		pthread_join(s->threads[i], NULL);
	while (s->jobs)
		drop(s, s->jobs);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s->threads);
	free(s);
}

/* With the lock held. look_mono_ms 0: once is enough. */
static void poke(struct sched *s, const char *name, int64_t look_mono_ms)
{
	struct job *j = find(s, name);

	if (!j) {
		j = xcalloc(1, sizeof(*j));
		j->name = xstrdup(name);
		j->next = s->jobs;
		s->jobs = j;
	}
	j->poked = true;
	j->due_mono_ms = 0;
	if (look_mono_ms)
		j->look_mono_ms = look_mono_ms;
	pthread_cond_broadcast(&s->changed);
}

void sched_poke(struct sched *s, const char *name)
{
	pthread_mutex_lock(&s->lock);
	poke(s, name, 0);
	pthread_mutex_unlock(&s->lock);
}

void sched_poke_twice(struct sched *s, const char *name, int64_t later_ms)
{
	pthread_mutex_lock(&s->lock);
	poke(s, name, clock_mono_ms() + later_ms);
	pthread_mutex_unlock(&s->lock);
}

bool sched_is_idle(struct sched *s)
{
	bool is_idle = true;

	pthread_mutex_lock(&s->lock);
	for (const struct job *j = s->jobs; j; j = j->next)
		is_idle &= !j->running && j->due_mono_ms > clock_mono_ms();
	pthread_mutex_unlock(&s->lock);
	return is_idle;
}
