/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill.h"

#include "check.h"
#include "clock.h"
#include "log.h"
#include "look.h"
#include "refuse.h"
#include "run.h"
#include "text.h"

#include <pthread.h>
#include <string.h>

#define AT_A_TIME_MS 60000

struct drill {
	const struct drill_opts *o;
	pthread_mutex_t starting; /* held while one is started, and joined at the end */
	pthread_mutex_t
		lock; /* of what follows; run belongs to the thread while it runs */
	pthread_cond_t wake;
	bool is_ending;  /* the controller is */
	bool is_running; /* from the check on */
	bool has_thread; /* to be joined */
	pthread_t thread;
	struct run run;
};

/* ---------------------------------------------------------------- the thread */

static bool should_end(void *of)
{
	struct drill *d = of;
	bool ret;

	pthread_mutex_lock(&d->lock);
	ret = d->is_ending;
	pthread_mutex_unlock(&d->lock);
	return ret;
}

static void wait_for(void *of, int64_t ms)
{
	struct drill *d = of;
	const int64_t until = clock_mono_ms() + ms;
	const struct timespec at = { until / 1000, until % 1000 * 1000000 };

	pthread_mutex_lock(&d->lock);
	while (!d->is_ending && clock_mono_ms() < until)
		(void)pthread_cond_clockwait(&d->wake, &d->lock, CLOCK_MONOTONIC, &at);
	pthread_mutex_unlock(&d->lock);
}

static void run_free(struct run *r)
{
	report_done(&r->report);
	free(r->stack);
	free(r->window);
	free(r->host);
	*r = (struct run){ .o = NULL };
}

static void release(struct drill *d)
{
	pthread_mutex_lock(&d->lock);
	d->is_running = false;
	pthread_cond_broadcast(&d->wake);
	pthread_mutex_unlock(&d->lock);
}

static void *thread_main(void *arg)
{
	struct drill *d = arg;

	run_drill(&d->run);
	run_free(&d->run);
	release(d);
	return NULL;
}

/* ---------------------------------------------------------------- starting */

/* Only one at a time; the previous one's thread is joined. */
static int claim(struct drill *d, struct err *err)
{
	int rc = 0;

	pthread_mutex_lock(&d->lock);
	if (d->is_running || d->is_ending)
		rc = err_set(err, ERR_CONFLICT,
			     "another drill runs: follow it with foretide drill --last");
	else
		d->is_running = true;
	pthread_mutex_unlock(&d->lock);
	if (rc == 0 && d->has_thread) {
		pthread_join(d->thread, NULL);
		d->has_thread = false;
	}
	return rc;
}

/* All that stands against it; *ret is the plan. */
static int check(struct drill *d, const struct drill_request *q, json_t **ret,
		 struct err *err)
{
	CLEANUP(json_decref) json_t *problems = NULL;
	CLEANUP(json_decref) json_t *units = json_array();
	CLEANUP(look_done) struct look l = { .stack = q->stack };
	const struct db_host *host = NULL;
	const int64_t now = clock_now_ms();
	int rc;

	if (q->for_ms < DRILL_FOR_MIN_MS || q->for_ms > DRILL_FOR_MAX_MS)
		return err_set(err, ERR_INVAL, "for must be from 1s to 10m");
	rc = refuse_window(d->o->db, q->stack, q->window, now, err);
	if (rc == 0)
		rc = refuse_hold(d->o->db, q->stack, now, err);
	if (rc == 0)
		rc = look_read(d->o->db, q->stack, &l, err);
	if (rc == 0)
		rc = refuse_long(d->o, &l, q->for_ms, err);
	if (rc == 0)
		rc = look_check_well(&l, err);
	if (rc < 0)
		return rc;
	problems = d->o->ops.problems ? d->o->ops.problems(d->o->ops.arg) : NULL;
	rc = refuse_problems(problems, err);
	if (rc == 0)
		rc = look_choose(&l, q->host, NULL, &host, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < l.units.n; i++)
		if (strcmp(l.units.v[i].host, host->id) == 0)
			json_array_append_new(units, json_string(l.units.v[i].name));
	*ret = report_plan(q, host->id, units);
	return 0;
}

static char *copy_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static int launch(struct drill *d, const struct drill_request *q, json_t *plan,
		  json_t **ret, struct err *err)
{
	struct run *r = &d->run;
	const json_t *first = json_array_get(json_object_get(plan, "steps"), 0);
	int rc;

	*r = (struct run){
		.o = d->o,
		.stack = xstrdup(q->stack),
		.window = copy_or_null(q->window),
		.host = xstrdup(json_string_value(json_object_get(first, "host"))),
		.for_ms = q->for_ms,
		.should_end = should_end,
		.wait = wait_for,
		.of = d,
	};
	rc = report_begin(&r->report, d->o, q, json_incref(plan), err);
	if (rc < 0) {
		run_free(r);
		return rc;
	}
	report_say(&r->report, "%s starts it", q->owner);
	*ret = drill_json(&r->report.row);
	if (pthread_create(&d->thread, NULL, thread_main, d) != 0) {
		report_end(&r->report, DB_DRILL_EARLY, "no thread can be started");
		run_free(r);
		json_decref(*ret);
		return err_set(err, ERR_INTERNAL, "no thread can be started");
	}
	d->has_thread = true;
	return 0;
}

static int start(struct drill *d, const struct drill_request *q, bool dry_run,
		 json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *plan = NULL;
	int rc = claim(d, err);

	if (rc < 0)
		return rc;
	rc = check(d, q, &plan, err);
	if (rc == 0 && !dry_run) {
		rc = launch(d, q, plan, ret, err);
		if (rc == 0)
			return 0;
	}
	release(d);
	if (rc == 0)
		*ret = TAKE(plan);
	return rc;
}

int drill_start(struct drill *d, const struct drill_request *q, bool dry_run,
		json_t **ret, struct err *err)
{
	int rc;

	pthread_mutex_lock(&d->starting);
	rc = start(d, q, dry_run, ret, err);
	pthread_mutex_unlock(&d->starting);
	return rc;
}

/* ---------------------------------------------------------------- begin and end */

static void mark_interrupted(struct drill *d)
{
	CLEANUP(db_drill_list_done) struct db_drill_list l = { NULL, 0 };
	struct err err;
	int rc = db_drill_list(d->o->db, NULL, &l, &err);

	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		struct report r = { .o = d->o, .row = l.v[i] };

		if (strcmp(l.v[i].state, DB_DRILL_RUNNING) != 0)
			continue;
		r.doc = json_loads(l.v[i].report_json, 0, NULL);
		if (!r.doc)
			r.doc = json_pack("{s:[], s:[]}", "steps", "log");
		report_end(&r, DB_DRILL_INTERRUPTED,
			   "the controller ended while it ran; nothing of it is left");
		l.v[i] = (struct db_drill){ .id = 0 };
		report_done(&r);
	}
	if (rc < 0)
		log_warn("drills-not-read", ERR(&err));
}

struct drill *drill_new(const struct drill_opts *opts)
{
	struct drill *d = xcalloc(1, sizeof(*d));

	d->o = opts;
	pthread_mutex_init(&d->lock, NULL);
	pthread_mutex_init(&d->starting, NULL);
	pthread_cond_init(&d->wake, NULL);
	mark_interrupted(d);
	return d;
}

static bool wait_for_end(struct drill *d, int64_t until_mono_ms)
{
	const struct timespec at = { until_mono_ms / 1000,
				     until_mono_ms % 1000 * 1000000 };
	bool has_ended;

	pthread_mutex_lock(&d->lock);
	d->is_ending = true;
	pthread_cond_broadcast(&d->wake);
	while (d->is_running && clock_mono_ms() < until_mono_ms)
		(void)pthread_cond_clockwait(&d->wake, &d->lock, CLOCK_MONOTONIC, &at);
	has_ended = !d->is_running;
	pthread_mutex_unlock(&d->lock);
	return has_ended;
}

bool drill_halt(struct drill *d, int64_t within_ms)
{
	if (!d)
		return true;
	if (!wait_for_end(d, clock_mono_ms() + within_ms))
		return false;
	pthread_mutex_lock(&d->starting);
	if (d->has_thread)
		pthread_join(d->thread, NULL);
	d->has_thread = false;
	pthread_mutex_unlock(&d->starting);
	return true;
}

void drill_free(struct drill *d)
{
	if (!d)
		return;
	while (!drill_halt(d, AT_A_TIME_MS))
		continue;
	pthread_cond_destroy(&d->wake);
	pthread_mutex_destroy(&d->lock);
	pthread_mutex_destroy(&d->starting);
	free(d);
}
