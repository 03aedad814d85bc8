/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "worker.h"

#include "check.h"
#include "clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#define WORKER_MAGIC 0x776f726bu
#define END_MS 10000
#define NAME_BYTES 16

struct worker_job {
	struct worker_job *next;
	struct worker_work work;
	bool cancelled; /* the loop's alone */
};

struct jobs {
	struct worker_job *first, **end;
};

struct worker {
	uint32_t magic;
	struct loop *loop;
	int fd; /* tells the loop that jobs have run */
	char name[NAME_BYTES];
	bool started;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed, over;
	struct jobs waiting, ran;
	size_t pending;
	bool ending, is_over;
};

static void jobs_init(struct jobs *q)
{
	q->first = NULL;
	q->end = &q->first;
}

static void jobs_add(struct jobs *q, struct worker_job *j)
{
	j->next = NULL;
	*q->end = j;
	q->end = &j->next;
}

static struct worker_job *jobs_take(struct jobs *q)
{
	struct worker_job *j = q->first;

	if (j) {
		q->first = j->next;
		if (!q->first)
			q->end = &q->first;
	}
	return j;
}

static void job_free(struct worker_job *j)
{
	if (j->work.free)
		j->work.free(j->work.arg);
	free(j);
}

/* ---------------------------------------------------------------- the thread */

static struct worker_job *wait_for_job(struct worker *w)
{
	struct worker_job *j;

	pthread_mutex_lock(&w->lock);
	while (!(j = jobs_take(&w->waiting)) && !w->ending)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
	return j;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct worker_job *j;
	const uint64_t one = 1;

	CHECK_MAGIC(w, WORKER_MAGIC);
	(void)pthread_setname_np(pthread_self(), w->name);
	while ((j = wait_for_job(w))) {
		j->work.run(j->work.arg);
		pthread_mutex_lock(&w->lock);
		jobs_add(&w->ran, j);
		w->pending--;
		pthread_mutex_unlock(&w->lock);
		(void)!write(w->fd, &one, sizeof(one));
	}
	pthread_mutex_lock(&w->lock);
	w->is_over = true;
	pthread_cond_signal(&w->over);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---------------------------------------------------------------- the loop's side */

static struct worker_job *take_ran(struct worker *w)
{
	struct worker_job *j;

	pthread_mutex_lock(&w->lock);
	j = jobs_take(&w->ran);
	pthread_mutex_unlock(&w->lock);
	return j;
}

static void on_ran(void *arg, int fd, uint32_t events)
{
	struct worker *w = arg;
	struct worker_job *j;
	uint64_t n;

	(void)events;
	CHECK_MAGIC(w, WORKER_MAGIC);
	(void)!read(fd, &n, sizeof(n));
	while ((j = take_ran(w))) {
		if (!j->cancelled && j->work.done)
			j->work.done(j->work.arg);
		job_free(j);
	}
}

static void init_monotonic(pthread_cond_t *c)
{
	pthread_condattr_t how;

	pthread_condattr_init(&how);
	pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
	pthread_cond_init(c, &how);
	pthread_condattr_destroy(&how);
}

int worker_new(struct loop *l, const char *name, struct worker **ret, struct err *err)
{
	CLEANUP(worker_free) struct worker *w = xcalloc(1, sizeof(*w));
	int rc;

	w->magic = WORKER_MAGIC;
	w->loop = l;
	snprintf(w->name, sizeof(w->name), "%s", name);
	jobs_init(&w->waiting);
	jobs_init(&w->ran);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	init_monotonic(&w->over);
	w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->fd < 0)
		return err_errno(err, ERR_INTERNAL, "eventfd");
	rc = loop_io_add(l, w->fd, EPOLLIN, on_ran, w, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(w);
	return 0;
}

/* Signals are for the loop's thread. */
static void start_thread(struct worker *w)
{
	sigset_t all, old;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old);
	w->started = pthread_create(&w->thread, NULL, work, w) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	CHECK(w->started);
}

struct worker_job *worker_do(struct worker *w, const struct worker_work *work)
{
	struct worker_job *j = xcalloc(1, sizeof(*j));

	CHECK_MAGIC(w, WORKER_MAGIC);
	j->work = *work;
	if (!w->started)
		start_thread(w);
	pthread_mutex_lock(&w->lock);
	jobs_add(&w->waiting, j);
	w->pending++;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	return j;
}

void worker_cancel(struct worker_job *j)
{
	if (j)
		j->cancelled = true;
}

size_t worker_pending(struct worker *w)
{
	size_t n;

	CHECK_MAGIC(w, WORKER_MAGIC);
	pthread_mutex_lock(&w->lock);
	n = w->pending;
	pthread_mutex_unlock(&w->lock);
	return n;
}

/* False: it still waits for the disk. */
static bool join(struct worker *w, int64_t end_ms)
{
	struct timespec until;
	bool is_over;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += end_ms / 1000;
	until.tv_nsec += end_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->changed);
	while (!w->is_over &&
	       pthread_cond_timedwait(&w->over, &w->lock, &until) != ETIMEDOUT)
		;
	is_over = w->is_over;
	pthread_mutex_unlock(&w->lock);
	if (is_over)
		pthread_join(w->thread, NULL);
	return is_over;
}

bool worker_end(struct worker *w, int64_t end_ms)
{
	struct worker_job *j;

	if (!w)
		return true;
	CHECK_MAGIC(w, WORKER_MAGIC);
	loop_io_del(w->loop, w->fd);
	if (w->started && !join(w, end_ms)) {
		/* Its memory stays, as the thread uses it until the process ends. */
		pthread_detach(w->thread);
		return false;
	}
	while ((j = take_ran(w)))
		job_free(j);
	if (w->fd >= 0)
		close(w->fd);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->changed);
	pthread_cond_destroy(&w->over);
	w->magic = 0;
	free(w);
	return true;
}

void worker_free(struct worker *w)
{
	(void)worker_end(w, END_MS);
}
