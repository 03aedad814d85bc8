/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workers.h"

#include "allowance.h"
#include "check.h"
#include "clock.h"
#include "crowd.h"
#include "priority.h"
#include "work_queue.h"

#include <pthread.h>
#include <string.h>

#define WAIT_MS 10000
#define QUERY_MS 10000
#define QUERY_SAMPLES 50000000
#define QUERIES 2
#define CHANGE_MS 60000 /* what a request that changes something may read */
#define NICE 10

struct worker_thread {
	struct workers *all;
	pthread_t id;
	const struct request *r; /* at work; NULL: none */
};

struct workers {
	struct crowd *crowd;
	struct api_query_limits limits;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
	struct work_queue waiting;
	struct worker_thread v[WORKERS];
};

/* ---------------------------------------------------------------- suspension */

void request_wait(struct request *r)
{
	atomic_fetch_add(&r->holds, 1);
}

void request_go_on(struct request *r)
{
	if (atomic_fetch_sub(&r->holds, 1) == 1)
		MHD_resume_connection(r->conn);
}

/* ---------------------------------------------------------------- the threads */

static void work(const struct workers *w, struct request *r)
{
	allowance_begin(strcmp(r->method, "GET") == 0 ? w->limits.ms : CHANGE_MS,
			w->limits.samples);
	r->rc = r->run(r, &r->err);
	allowance_end();
}

static struct request *next_one(struct workers *w)
{
	const struct request *at_work[WORKERS];

	for (size_t i = 0; i < WORKERS; i++)
		at_work[i] = w->v[i].r;
	return work_queue_next(&w->waiting, at_work, w->limits.at_once);
}

static void *run(void *arg)
{
	struct worker_thread *t = arg;
	struct workers *w = t->all;
	struct request *r;

	priority_set(NICE);
	pthread_mutex_lock(&w->lock);
	while (!w->stopping) {
		r = next_one(w);
		if (!r) {
			pthread_cond_wait(&w->wake, &w->lock);
			continue;
		}
		t->r = r;
		pthread_mutex_unlock(&w->lock);
		work(w, r);
		pthread_mutex_lock(&w->lock);
		t->r = NULL;
		/* A query that had to wait may be next. */
		pthread_cond_broadcast(&w->wake);
		pthread_mutex_unlock(&w->lock);
		request_go_on(r);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct workers *workers_new(const struct api_query_limits *limits, struct crowd *crowd)
{
	struct workers *w = xcalloc(1, sizeof(*w));

	w->limits = (struct api_query_limits){
		.ms = limits->ms ? limits->ms : QUERY_MS,
		.samples = limits->samples ? limits->samples : QUERY_SAMPLES,
		.at_once = limits->at_once ? limits->at_once : QUERIES,
	};
	w->crowd = crowd;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	for (size_t i = 0; i < WORKERS; i++) {
		w->v[i].all = w;
		CHECK(pthread_create(&w->v[i].id, NULL, run, &w->v[i]) == 0);
	}
	return w;
}

/* It waited for nothing; the lock is held. */
static void fail(struct workers *w, struct request *r, const char *why)
{
	if (!w->stopping)
		crowd_note(w->crowd, CROWD_REQUESTS, r->caller);
	work_queue_remove(&w->waiting, r);
	r->retry_s = 2;
	r->rc = err_set(&r->err, ERR_UNAVAIL, "%s", why);
	request_go_on(r);
}

void workers_look(struct workers *w)
{
	const int64_t now = clock_mono_ms();

	pthread_mutex_lock(&w->lock);
	while (w->waiting.first && now - w->waiting.first->waits_since_ms >= WAIT_MS)
		fail(w, w->waiting.first,
		     w->waiting.first->route->is_query
			     ? "other queries ran for 10 s, and few run at a "
			       "time: ask again, for less"
			     : "other requests ran for 10 s: ask again");
	pthread_mutex_unlock(&w->lock);
}

void workers_stop(struct workers *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	if (w->stopping) {
		pthread_mutex_unlock(&w->lock);
		return;
	}
	w->stopping = true;
	while (w->waiting.first)
		fail(w, w->waiting.first, "the controller is shutting down");
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < WORKERS; i++)
		pthread_join(w->v[i].id, NULL);
}

void workers_free(struct workers *w)
{
	if (!w)
		return;
	workers_stop(w);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* ---------------------------------------------------------------- to be done */

/* The lock is held. */
static int make_room(struct workers *w, struct request *r, struct err *err)
{
	struct request *instead;
	int rc;

	if (w->stopping)
		return err_set(err, ERR_UNAVAIL, "the controller is shutting down");
	rc = work_queue_admit(&w->waiting, r, &instead, err);
	if (rc == 0 && instead)
		fail(w, instead, "others came, who sent less: send fewer at once");
	return rc;
}

int workers_do(struct workers *w, struct request *r, api_handler_fn *run_it,
	       struct err *err)
{
	int rc;

	pthread_mutex_lock(&w->lock);
	rc = make_room(w, r, err);
	r->retry_s = rc < 0;
	if (rc == 0) {
		r->run = run_it;
		r->has_worked = true;
		r->waits_since_ms = clock_mono_ms();
		atomic_store(&r->holds, 1);
		MHD_suspend_connection(r->conn);
		work_queue_put(&w->waiting, r);
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&w->lock);
	if (rc < 0)
		crowd_note(w->crowd, CROWD_REQUESTS, r->caller);
	return rc;
}
