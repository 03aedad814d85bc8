/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "clock.h"
#include "scheduler.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* What the job does, and what has become of it. */
struct work {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int runs, at_once, most_at_once;
	int64_t again_ms; /* what it returns */
	bool held;        /* it ends when this is let go */
	char last[16];
};

static int64_t work_run(void *arg, const char *name)
{
	struct work *w = arg;
	int64_t again_ms;

	pthread_mutex_lock(&w->lock);
	w->runs++;
	w->at_once++;
	w->most_at_once = MAX(w->most_at_once, w->at_once);
	snprintf(w->last, sizeof(w->last), "%s", name);
	pthread_cond_broadcast(&w->changed);
	while (w->held)
		pthread_cond_wait(&w->changed, &w->lock);
	w->at_once--;
	again_ms = w->again_ms;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	return again_ms;
}

static int setup(void **state)
{
	struct work *w = xcalloc(1, sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->again_ms = 3600000;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct work *w = *state;

	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return 0;
}

static struct sched *start(struct work *w, size_t workers)
{
	struct sched *s = NULL;
	struct err e;

	assert_ok(sched_new(workers, work_run, w, &s, &e), &e);
	return s;
}

static void hold(struct work *w, bool held)
{
	pthread_mutex_lock(&w->lock);
	w->held = held;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static bool runs_become(struct work *w, int runs)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	bool held;

	do {
		pthread_mutex_lock(&w->lock);
		held = w->runs >= runs;
		pthread_mutex_unlock(&w->lock);
		if (!held)
			(void)poll(NULL, 0, 1);
	} while (!held && clock_mono_ms() < until);
	return held;
}

static int runs_of(struct work *w)
{
	int runs;

	pthread_mutex_lock(&w->lock);
	runs = w->runs;
	pthread_mutex_unlock(&w->lock);
	return runs;
}

static void a_poke_runs_a_job_that_was_not_known(void **state)
{
	struct work *w = *state;
	CLEANUP(sched_free) struct sched *s = start(w, 2);

	sched_poke(s, "web");
	assert_true(runs_become(w, 1));
	assert_string_equal(w->last, "web");
}

static void a_job_runs_again_when_it_said(void **state)
{
	struct work *w = *state;
	CLEANUP(sched_free) struct sched *s = NULL;

	w->again_ms = 1;
	s = start(w, 2);
	sched_poke(s, "web");
	assert_true(runs_become(w, 5));
}

static void a_job_never_runs_twice_at_once_and_misses_no_poke(void **state)
{
	struct work *w = *state;
	CLEANUP(sched_free) struct sched *s = start(w, 4);

	hold(w, true);
	sched_poke(s, "web");
	assert_true(runs_become(w, 1));
	for (int i = 0; i < 5; i++)
		sched_poke(s, "web");
	assert_int_equal(runs_of(w), 1);
	hold(w, false);
	assert_true(runs_become(w, 2));
	assert_int_equal(w->most_at_once, 1);
}

static void a_blocked_job_does_not_keep_another(void **state)
{
	struct work *w = *state;
	CLEANUP(sched_free) struct sched *s = start(w, 2);

	hold(w, true);
	sched_poke(s, "web");
	assert_true(runs_become(w, 1));
	sched_poke(s, "db");
	assert_true(runs_become(w, 2));
	assert_string_equal(w->last, "db");
	hold(w, false);
}

static void there_are_as_many_workers_as_jobs_wait_up_to_a_maximum(void **state)
{
	struct work *w = *state;
	CLEANUP(sched_free) struct sched *s = start(w, 8);
	char name[32];

	hold(w, true);
	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "pool-%d", i);
		sched_poke(s, name);
	}
	assert_true(runs_become(w, 8));
	hold(w, false);
	assert_true(runs_become(w, 9));
	assert_int_equal(w->most_at_once, 8);
}

static void a_job_that_ends_itself_can_come_back(void **state)
{
	struct work *w = *state;
	CLEANUP(sched_free) struct sched *s = NULL;

	w->again_ms = -1;
	s = start(w, 1);
	sched_poke(s, "web");
	assert_true(runs_become(w, 1));
	sched_poke(s, "web");
	assert_true(runs_become(w, 2));
}

static void a_poke_while_it_ends_itself_is_not_lost(void **state)
{
	struct work *w = *state;
	CLEANUP(sched_free) struct sched *s = NULL;

	w->again_ms = -1;
	s = start(w, 1);
	hold(w, true);
	sched_poke(s, "web");
	assert_true(runs_become(w, 1));
	sched_poke(s, "web");
	hold(w, false);
	assert_true(runs_become(w, 2));
}

static void the_end_waits_for_what_runs(void **state)
{
	struct work *w = *state;
	struct sched *s = start(w, 1);

	sched_poke(s, "web");
	assert_true(runs_become(w, 1));
	sched_free(s);
	assert_int_equal(w->at_once, 0);
}

static void the_end_does_not_wait_for_ever(void **state)
{
	struct work *w = *state;
	struct sched *s = start(w, 2);

	hold(w, true);
	sched_poke(s, "web");
	assert_true(runs_become(w, 1));
	assert_false(sched_stop(s, 1));
	/* And none begins. */
	sched_poke(s, "db");
	hold(w, false);
	assert_true(sched_stop(s, PATIENCE_MS));
	assert_int_equal(w->runs, 1);
	sched_free(s);
}

static void it_is_idle_when_no_job_runs_or_is_due(void **state)
{
	struct work *w = *state;
	CLEANUP(sched_free) struct sched *s = start(w, 1);
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	assert_true(sched_is_idle(s));
	hold(w, true);
	sched_poke(s, "web");
	assert_false(sched_is_idle(s));
	assert_true(runs_become(w, 1));
	assert_false(sched_is_idle(s));
	hold(w, false);
	while (!sched_is_idle(s) && clock_mono_ms() < until)
		(void)poll(NULL, 0, 1);
	assert_true(sched_is_idle(s)); /* due in an hour */
}

/* However fast the first time is. */
static void a_job_that_is_looked_at_later_runs_once_more(void **state)
{
	enum { JOBS = 300 };
	struct work *w = *state;
	CLEANUP(sched_free) struct sched *s = start(w, 2);
	char name[16];

	for (int i = 0; i < JOBS; i++) {
		snprintf(name, sizeof(name), "web-%d", i);
		sched_poke_twice(s, name, 1);
	}
	assert_true(runs_become(w, 2 * JOBS));
	while (!sched_is_idle(s))
		(void)poll(NULL, 0, 1);
	assert_int_equal(runs_of(w), 2 * JOBS);
}

static void so_does_one_that_runs_when_it_is_poked(void **state)
{
	struct work *w = *state;
	CLEANUP(sched_free) struct sched *s = start(w, 2);

	w->held = true;
	sched_poke(s, "web");
	assert_true(runs_become(w, 1));
	sched_poke_twice(s, "web", 1);
	hold(w, false);
	assert_true(runs_become(w, 3));
	while (!sched_is_idle(s))
		(void)poll(NULL, 0, 1);
	assert_int_equal(runs_of(w), 3);
}

#define WORK_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORK_TEST(a_poke_runs_a_job_that_was_not_known),
		WORK_TEST(a_job_runs_again_when_it_said),
		WORK_TEST(a_job_never_runs_twice_at_once_and_misses_no_poke),
		WORK_TEST(a_blocked_job_does_not_keep_another),
		WORK_TEST(there_are_as_many_workers_as_jobs_wait_up_to_a_maximum),
		WORK_TEST(a_job_that_ends_itself_can_come_back),
		WORK_TEST(a_poke_while_it_ends_itself_is_not_lost),
		WORK_TEST(the_end_waits_for_what_runs),
		WORK_TEST(the_end_does_not_wait_for_ever),
		WORK_TEST(it_is_idle_when_no_job_runs_or_is_due),
		WORK_TEST(a_job_that_is_looked_at_later_runs_once_more),
		WORK_TEST(so_does_one_that_runs_when_it_is_poked),
	};

	return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
