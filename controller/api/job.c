/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "job.h"

#include "check.h"
#include "server.h"
#include "workers.h"

#include <math.h>
#include <string.h>

struct api_job {
	struct request *r;
	const struct api_job_kind *kind;
	char *stack, *tier;
	pthread_t thread;
	double share; /* done; guarded by the API's lock */
	void *arg;    /* this and the rest belong to the thread while it runs */
	int rc;
	struct err err;
};

/* Does not free arg. */
static void job_free(struct api_job *j)
{
	if (!j)
		return;
	free(j->stack);
	free(j->tier);
	free(j);
}
DEFINE_CLEANUP(struct api_job *, job_free);

static void *run(void *arg)
{
	struct api_job *j = arg;
	struct api *api = j->r->api;

	j->rc = j->kind->work(j->arg, j, &j->err);
	pthread_mutex_lock(&api->lock);
	api->job = NULL;
	request_go_on(j->r);
	pthread_cond_broadcast(&api->job_over);
	pthread_mutex_unlock(&api->lock);
	return NULL;
}

/* Waits for the thread if it is still running. */
static struct api_job *join(struct request *r)
{
	struct api_job *j = r->again_arg;

	pthread_join(j->thread, NULL);
	r->again = NULL;
	r->again_arg = NULL;
	return j;
}

static int go_on(struct request *r, struct err *err)
{
	CLEANUP(job_free) struct api_job *j = join(r);
	int rc;

	if (j->rc < 0)
		*err = j->err;
	rc = j->kind->then(r, j->arg, j->rc, err);
	j->kind->free(j->arg);
	return rc;
}

void api_job_drop(struct request *r)
{
	CLEANUP(job_free) struct api_job *j = NULL;

	if (r->again != go_on)
		return;
	j = join(r);
	j->kind->free(j->arg);
}

void api_job_await(struct api *api)
{
	while (api->job)
		pthread_cond_wait(&api->job_over, &api->lock);
}

/* Lock held. */
static int begin(struct request *r, struct api_job *j, struct err *err)
{
	struct api *api = r->api;

	if (api->stopping)
		return err_set(err, ERR_UNAVAIL, "the controller is shutting down");
	if (api->job) {
		r->retry_s = 2;
		return err_set(
			err, ERR_UNAVAIL,
			"a %s of %s%s%s is running, and only one runs at a time: try "
			"again when it has finished",
			api->job->kind->name, api->job->stack, *api->job->tier ? "/" : "",
			api->job->tier);
	}
	if (pthread_create(&j->thread, NULL, run, j) != 0)
		return err_set(err, ERR_INTERNAL, "cannot start a thread");
	api->job = j;
	r->again = go_on;
	r->again_arg = j;
	request_wait(r);
	return 0;
}

int api_job_start(struct request *r, const struct api_job_kind *kind,
		  const struct db_tier *t, void *arg, struct err *err)
{
	CLEANUP(job_free) struct api_job *j = xcalloc(1, sizeof(*j));
	int rc;

	j->r = r;
	j->kind = kind;
	j->stack = xstrdup(t ? t->stack : "the controller");
	j->tier = xstrdup(t ? t->name : "");
	j->arg = arg;
	pthread_mutex_lock(&r->api->lock);
	rc = begin(r, j, err);
	if (rc == 0)
		(void)TAKE(j); /* freed by go_on() or api_job_drop() */
	pthread_mutex_unlock(&r->api->lock);
	return rc;
}

void api_job_progress(void *job, double share)
{
	struct api_job *j = job;

	pthread_mutex_lock(&j->r->api->lock);
	j->share = share;
	pthread_mutex_unlock(&j->r->api->lock);
}

double api_job_share(struct api *api, const struct api_job_kind *kind,
		     const struct db_tier *t)
{
	const struct api_job *j;
	double ret = NAN;

	pthread_mutex_lock(&api->lock);
	j = api->job;
	if (j && j->kind == kind && strcmp(j->stack, t->stack) == 0 &&
	    strcmp(j->tier, t->name) == 0)
		ret = j->share;
	pthread_mutex_unlock(&api->lock);
	return ret;
}
