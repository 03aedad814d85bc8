/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tick.h"

#include "check.h"
#include "clock.h"
#include "heap.h"
#include "log_streak.h"
#include "priority.h"
#include "round.h"
#include "samples.h"
#include "stacks.h"
#include "text.h"

#include <pthread.h>

#define TICK_MAGIC 0x7469636bu
#define AGAIN_SOON_MS 500 /* while a host is missing or an instance has just started */
#define NICE (-10)        /* a few ms a round: it waits for nobody who is only asking */
#define ROUND_MS 5000     /* of a round; above it nobody listened */
#define MAINTAIN_MS 20    /* for a slice of maintenance of the database */
#define REST_MS 80        /* between two slices, when there is more to do */

struct tick {
	uint32_t magic;
	const struct tick_opts *o;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows up to the line */
	pthread_cond_t poked;
	bool stopping, wants_round, wants_full, is_waiting;
	int64_t last_ms, duration_us, rounds;
	int64_t began_mono_ms; /* when the thread last stopped waiting */
	/* ---- the thread's own */
	struct tick_parts parts;
	int64_t again_ms;         /* real; sooner than the period */
	int64_t maintain_mono_ms; /* the next slice of maintenance; 0: with a round */
	struct log_streak sweeping, maintaining;
};

static void note_round(struct tick *t, int64_t began_mono_us)
{
	pthread_mutex_lock(&t->lock);
	t->last_ms = clock_now_ms();
	t->duration_us = clock_mono_us() - began_mono_us;
	t->rounds++;
	pthread_mutex_unlock(&t->lock);
}

/* With each full round, and while there is more to do: a million series need more than a
 * slice a round. */
static void maintain(struct tick *t)
{
	bool has_more = false;
	struct err err;
	const int rc =
		db_maintain(t->o->db, clock_now_ms(), MAINTAIN_MS, &has_more, &err);

	log_streak(&t->maintaining, "maintenance-failed", rc < 0 ? &err : NULL);
	t->maintain_mono_ms = rc == 0 && has_more ? clock_mono_ms() + REST_MS : 0;
}

/* False: it could not be made, and is to be made again. */
static bool run_round(struct tick *t, bool full)
{
	struct round r = { .parts = &t->parts, .full = full };
	int64_t began = clock_mono_us();
	struct view_status status;
	struct err err;
	int rc;

	t->again_ms = 0;
	if (t->o->begin_round)
		t->o->begin_round(t->o->arg);
	view_snapshot(t->o->view, "/foretide/", &r.view);
	view_status(t->o->view, &status);
	problems_set(&t->parts.problems, PROBLEM_STORE,
		     status.ok ? NULL : status.problem);
	/* Before the first read nothing is known, and nothing may be concluded. */
	if (!r.view.has_copy) {
		t->again_ms = AGAIN_SOON_MS;
		round_done(&r);
		return false;
	}
	rc = round_run(&r, &err);
	problems_set(&t->parts.problems, PROBLEM_ROUND, rc < 0 ? err.msg : NULL);
	if (r.seen.settling || rc < 0)
		t->again_ms = AGAIN_SOON_MS;
	else if (full && tiers_want_more(t->parts.tiers))
		tick_poke(t, true);
	note_round(t, began);
	round_done(&r);
	return rc == 0;
}

/* What no decision waits for; also while nothing can be decided: the log of the database
 * grows meanwhile. */
static void tidy_up(struct tick *t)
{
	struct err err;

	log_streak(&t->sweeping, "pool-cleanup-failed",
		   stack_sweep(t->o->db, &err) < 0 ? &err : NULL);
	maintain(t);
	/* What a round of a large fleet needs for a moment is not kept until the next. */
	(void)heap_give_back(clock_mono_ms());
}

/* Waits until then, or until a round is wanted; false: stop. */
static bool wait_until(struct tick *t, int64_t due_mono_ms, bool *ret_wanted,
		       bool *ret_full)
{
	bool goes_on;

	pthread_mutex_lock(&t->lock);
	t->is_waiting = true;
	while (!t->stopping && !t->wants_round && clock_mono_ms() < due_mono_ms) {
		struct timespec ts = {
			.tv_sec = due_mono_ms / 1000,
			.tv_nsec = due_mono_ms % 1000 * 1000000,
		};

		pthread_cond_timedwait(&t->poked, &t->lock, &ts);
	}
	if (t->wants_round && !t->stopping) {
		const struct timespec settle = {
			.tv_nsec = t->o->settle_ms * 1000000,
		};

		pthread_mutex_unlock(&t->lock);
		nanosleep(&settle, NULL);
		pthread_mutex_lock(&t->lock);
	}
	*ret_wanted = t->wants_round;
	*ret_full = t->wants_full;
	t->wants_round = t->wants_full = t->is_waiting = false;
	t->began_mono_ms = clock_mono_ms();
	goes_on = !t->stopping;
	pthread_mutex_unlock(&t->lock);
	return goes_on;
}

/* Waits until a round is due; false: stop. Meanwhile maintenance that is behind goes on.
 */
static bool wait_for_work(struct tick *t, int64_t due_mono_ms, bool *ret_full)
{
	bool is_wanted = false;

	while (t->maintain_mono_ms && t->maintain_mono_ms < due_mono_ms) {
		if (!wait_until(t, t->maintain_mono_ms, &is_wanted, ret_full))
			return false;
		if (is_wanted)
			return true;
		maintain(t);
	}
	return wait_until(t, due_mono_ms, &is_wanted, ret_full);
}

static void *run(void *arg)
{
	struct tick *t = arg;
	int64_t period = clock_real_ms(t->o->tick_ms);
	int64_t next_full = 0;
	struct listening_work work;
	bool full, is_made;

	CHECK_MAGIC(t, TICK_MAGIC);
	priority_set(NICE);
	while (wait_for_work(t,
			     t->again_ms ? MIN(next_full, clock_mono_ms() + t->again_ms)
					 : next_full,
			     &full)) {
		if (clock_mono_ms() >= next_full)
			full = true;
		listening_begin(t->o->observer.listening, &work, "a round of decisions",
				ROUND_MS);
		is_made = run_round(t, full);
		if (full)
			tidy_up(t);
		listening_end(t->o->observer.listening, &work);
		/* What a user has changed is decided as soon as that can be. */
		if (full)
			next_full = clock_mono_ms() + (is_made ? period : t->again_ms);
	}
	return NULL;
}

int64_t tick_busy_ms(struct tick *t)
{
	int64_t ret;

	CHECK_MAGIC(t, TICK_MAGIC);
	pthread_mutex_lock(&t->lock);
	ret = t->is_waiting || !t->began_mono_ms ? 0 : clock_mono_ms() - t->began_mono_ms;
	pthread_mutex_unlock(&t->lock);
	return ret;
}

void tick_poke(struct tick *t, bool full)
{
	pthread_mutex_lock(&t->lock);
	t->wants_round = true;
	t->wants_full |= full;
	pthread_cond_signal(&t->poked);
	pthread_mutex_unlock(&t->lock);
}

int tick_start(const struct tick_opts *opts, struct tick **ret, struct err *err)
{
	CLEANUP(tick_free) struct tick *t = xcalloc(1, sizeof(*t));
	pthread_condattr_t attr;
	int rc;

	t->magic = TICK_MAGIC;
	t->o = opts;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->poked, &attr);
	pthread_condattr_destroy(&attr);
	tick_parts_init(&t->parts, opts);
	rc = store_sync_open(opts->store, &t->parts.store, err);
	if (rc < 0)
		return rc;
	if (pthread_create(&t->thread, NULL, run, t) != 0)
		return err_set(err, ERR_INTERNAL, "cannot start the tick's thread");
	*ret = TAKE(t);
	return 0;
}

void tick_halt(struct tick *t)
{
	if (!t || !t->thread)
		return;
	pthread_mutex_lock(&t->lock);
	t->stopping = true;
	pthread_cond_signal(&t->poked);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	t->thread = 0;
}

void tick_free(struct tick *t)
{
	if (!t)
		return;
	tick_halt(t);
	tick_parts_done(&t->parts);
	pthread_cond_destroy(&t->poked);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* ---------------------------------------------------------------- for others */

void tick_status(struct tick *t, json_t **ret_tick, json_t **ret_problems)
{
	pthread_mutex_lock(&t->lock);
	*ret_tick = json_pack("{s:o, s:f, s:I, s:I}", "last", json_time(t->last_ms),
			      "duration_ms", (double)t->duration_us / 1e3, "period_ms",
			      (json_int_t)t->o->tick_ms, "rounds", (json_int_t)t->rounds);
	pthread_mutex_unlock(&t->lock);
	*ret_problems = problems_json(&t->parts.problems);
}

bool tick_is_idle(struct tick *t, int64_t *ret_rounds)
{
	bool is_idle;

	pthread_mutex_lock(&t->lock);
	is_idle = t->is_waiting && !t->wants_round;
	*ret_rounds = t->rounds;
	pthread_mutex_unlock(&t->lock);
	return is_idle;
}

json_t *tick_tier_live(struct tick *t, const char *stack, const char *tier)
{
	return tiers_live(t->parts.tiers, stack, tier);
}
