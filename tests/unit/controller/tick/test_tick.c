/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The thread of the tick: when it goes round, and what it does when it cannot. */
#include "hall.h"

#include <semaphore.h>

struct watch {
	struct hall *h;
	struct tick *t;
	_Atomic bool holds; /* each round, at its beginning, until it may go on */
	sem_t may_go_on;
};

static int setup(void **state)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	hall_setup((void **)&w->h);
	/* What is not poked comes in ten minutes. */
	w->h->o.tick_ms = 600000;
	sem_init(&w->may_go_on, 0, 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct watch *w = *state;

	sem_post(&w->may_go_on);
	tick_free(w->t);
	sem_destroy(&w->may_go_on);
	hall_teardown((void **)&w->h);
	free(w);
	return 0;
}

static void wait_to_go_on(void *arg)
{
	struct watch *w = arg;

	if (w->holds)
		sem_wait(&w->may_go_on);
}

static void start(struct watch *w, const char *conf)
{
	w->h->o.begin_round = wait_to_go_on;
	w->h->o.arg = w;
	scene_apply(w->h->s, conf, TEXT);
	assert_ok(tick_start(&w->h->o, &w->t, w->h->s->e), w->h->s->e);
}

static int64_t n_rounds(struct watch *w)
{
	int64_t n;

	(void)tick_is_idle(w->t, &n);
	return n;
}

/* Once all that it was asked for is done. */
static int64_t settled(struct watch *w)
{
	int64_t n = 0;

	assert_true(hall_until(tick_is_idle(w->t, &n) && n > 0));
	return n;
}

static void poke(struct watch *w, bool full)
{
	const int64_t before = settled(w);

	tick_poke(w->t, full);
	assert_true(hall_until(n_rounds(w) > before));
	(void)settled(w);
}

static bool is_told(struct watch *w, const char *kind, const char *words)
{
	CLEANUP(json_decref) json_t *tick = NULL;
	CLEANUP(json_decref) json_t *problems = NULL;

	tick_status(w->t, &tick, &problems);
	return has_problem(problems, kind, words);
}

static void the_first_round_comes_by_itself_and_decides(void **state)
{
	struct watch *w = *state;
	CLEANUP(json_decref) json_t *tick = NULL;
	CLEANUP(json_decref) json_t *problems = NULL;

	start(w, WEB("min = 2\n"));
	assert_true(hall_until(desired(w->h) == 2));
	(void)settled(w);
	tick_status(w->t, &tick, &problems);
	assert_string_equal(json_string_value(json_object_get(tick, "last")),
			    "2023-11-14T22:13:20.000Z");
	assert_int_equal(json_integer_value(json_object_get(tick, "period_ms")), 600000);
	assert_true(json_integer_value(json_object_get(tick, "rounds")) > 0);
	assert_int_equal(json_array_size(problems), 0);
}

static void a_poke_makes_a_round_and_a_full_one_decides(void **state)
{
	struct watch *w = *state;
	CLEANUP(json_decref) json_t *live = NULL;

	start(w, WEB("min = 1\n" DEMAND));
	poke(w, true);
	clock_hold(NOW_MS + 60000);
	measure(w->h, 45);
	poke(w, false);
	assert_int_equal(desired(w->h), 1);
	poke(w, true);
	assert_in_range(desired(w->h), 5, 6);
	live = tick_tier_live(w->t, "shop", "web");
	assert_close(json_number_value(
			     json_object_get(json_object_get(live, "demand"), "value")),
		     45, 1e-9);
	assert_null(tick_tier_live(w->t, "shop", "none"));
}

static void pokes_that_come_together_are_one_round(void **state)
{
	struct watch *w = *state;
	int64_t before;

	w->h->o.settle_ms = 100;
	start(w, WEB("min = 1\n"));
	poke(w, true);
	before = settled(w);
	for (int i = 0; i < 1000; i++)
		tick_poke(w->t, i == 0);
	assert_int_equal(settled(w), before + 1);
}

static void a_round_that_is_held_up_is_seen_from_outside(void **state)
{
	struct watch *w = *state;
	int64_t n;

	w->holds = true;
	start(w, WEB("min = 1\n"));
	assert_true(hall_until(tick_busy_ms(w->t) >= 5));
	assert_false(tick_is_idle(w->t, &n));
	w->holds = false;
	sem_post(&w->may_go_on);
	(void)settled(w);
	assert_true(hall_until(tick_busy_ms(w->t) == 0));
}

static void before_the_store_was_read_once_nothing_is_decided(void **state)
{
	struct watch *w = *state;
	const struct store_opts nowhere = { .endpoints = "http://127.0.0.1:1" };

	view_stop(TAKE(w->h->view));
	assert_ok(
		view_start(&nowhere, NULL, ignore_change, NULL, &w->h->view, w->h->s->e),
		w->h->s->e);
	w->h->o.view = w->h->view;
	start(w, WEB("min = 2\n"));
	assert_true(hall_until(is_told(w, "store-away", "")));
	tick_poke(w->t, true);
	assert_true(hall_until(tick_busy_ms(w->t) == 0));
	assert_int_equal(n_rounds(w), 0);
	assert_int_equal(pokes(w->h), 0);
}

static void a_round_that_fails_is_told_and_made_again_by_itself(void **state)
{
	struct watch *w = *state;

	db_fail_writes(w->h->s->db->db, false);
	start(w, WEB("min = 1\n"));
	poke(w, true);
	scene_apply(w->h->s, WEB("min = 3\n"), TEXT);
	db_fail_writes(w->h->s->db->db, true);
	poke(w, true);
	assert_true(is_told(w, "round-failed", ""));
	assert_int_equal(desired(w->h), 1);
	db_fail_writes(w->h->s->db->db, false);
	assert_true(hall_until(desired(w->h) == 3));
	assert_true(hall_until(!is_told(w, "round-failed", "")));
}

/* Events of long ago. */
static void put_events(struct db *db, int n)
{
	CLEANUP(free)
	char *text = xasprintf(
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
		"< "
		"%d) INSERT INTO event (at_ms, kind, level, stack, tier, host, unit, "
		"message, data_json) SELECT 1, 'old', 'info', '', '', '', '', '', '{}' "
		"FROM n",
		n);

	pthread_mutex_lock(&db->write_lock);
	assert_int_equal(sqlite3_exec(db->writer->sql, text, NULL, NULL, NULL),
			 SQLITE_OK);
	pthread_mutex_unlock(&db->write_lock);
}

static bool has_old_events(struct watch *w)
{
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	const struct db_event_filter old = { .kind = "old", .limit = 1 };

	assert_ok(db_event_list(w->h->s->db->db, &old, &l, w->h->s->e), w->h->s->e);
	return l.n > 0;
}

/* It is neither waited for by a round nor ended by one. */
static void maintenance_that_is_behind_goes_on_between_rounds(void **state)
{
	struct watch *w = *state;
	int64_t rounds;

	/* More than a slice of it prunes. */
	put_events(w->h->s->db->db, 10000);
	start(w, WEB("min = 1\n"));
	poke(w, false);
	rounds = settled(w);
	assert_true(hall_until(!has_old_events(w)));
	assert_int_equal(n_rounds(w), rounds);
}

static void halted_it_goes_round_no_more_but_tells_what_was(void **state)
{
	struct watch *w = *state;
	CLEANUP(json_decref) json_t *tick = NULL;
	CLEANUP(json_decref) json_t *problems = NULL;
	int64_t before;

	start(w, WEB("min = 1\n"));
	before = settled(w);
	tick_halt(w->t);
	tick_poke(w->t, true);
	tick_halt(w->t);
	tick_status(w->t, &tick, &problems);
	assert_true(n_rounds(w) >= before);
	assert_int_equal(json_integer_value(json_object_get(tick, "rounds")),
			 n_rounds(w));
}

static void a_store_that_is_no_url_ends_the_start(void **state)
{
	struct watch *w = *state;
	const struct store_opts bad = { .endpoints = "nonsense" };

	w->h->o.store = &bad;
	assert_int_equal(tick_start(&w->h->o, &w->t, w->h->s->e), ERR_INVAL);
	assert_null(w->t);
	assert_non_null(strstr(w->h->s->e->msg, "nonsense"));
	tick_free(NULL);
}

#define WATCH_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(the_first_round_comes_by_itself_and_decides),
		WATCH_TEST(a_poke_makes_a_round_and_a_full_one_decides),
		WATCH_TEST(pokes_that_come_together_are_one_round),
		WATCH_TEST(a_round_that_is_held_up_is_seen_from_outside),
		WATCH_TEST(before_the_store_was_read_once_nothing_is_decided),
		WATCH_TEST(a_round_that_fails_is_told_and_made_again_by_itself),
		WATCH_TEST(maintenance_that_is_behind_goes_on_between_rounds),
		WATCH_TEST(halted_it_goes_round_no_more_but_tells_what_was),
		WATCH_TEST(a_store_that_is_no_url_ends_the_start),
	};

	return cmocka_run_group_tests_name("tick", tests, NULL, NULL);
}
