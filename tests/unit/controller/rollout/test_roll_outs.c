/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a new text goes, and where it stops. */
#include "roll_out_fixture.h"

/* ---------------------------------------------------------------- good ones */

static void the_first_is_watched_for_a_minute_and_the_others_follow(void **state)
{
	struct watchman *w = *state;

	stand(w, STACK);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	scene_apply(w->s, STACK, NEW_TEXT);
	go_round(w);
	assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	assert_int_equal(n_new(w), 1);
	for (int i = 0; i < 5; i++) {
		pass(w, 10);
		assert_int_equal(n_new(w), 1);
	}
	pass(w, 20);
	assert_int_equal(n_new(w), 2);
	pass(w, 1);
	assert_int_equal(n_new(w), 3);
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_events(w, "rollout-done"), 1);
}

static void a_first_text_is_no_roll_out(void **state)
{
	struct watchman *w = *state;
	char text[600];

	w->fails = "failed";
	stand(w, STACK);
	assert_int_equal(n_events(w, "rollout-stopped"), 0);
	assert_false(roll_outs_stopped_problem(w->s->f, text, sizeof(text)));
	assert_int_equal(n_new(w), 3);
}

/* ---------------------------------------------------------------- bad ones */

static void begin(struct watchman *w, const char *conf)
{
	stand(w, conf);
	scene_apply(w->s, conf, NEW_TEXT);
	go_round(w);
	assert_int_equal(n_new(w), 1);
}

static void one_that_fails_stops_it_until_the_text_changes(void **state)
{
	struct watchman *w = *state;
	char text[600];

	begin(w, STACK);
	w->fails = "failed 5 times: no database";
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_STOPPED);
	assert_true(roll_outs_stopped_problem(w->s->f, text, sizeof(text)));
	assert_non_null(strstr(text, "has stopped at 1 of 3 instances: unit web@"));
	assert_non_null(strstr(text, "failed 5 times: no database; go back with "
				     "'foretide rollback shop'"));
	/* Also when it is well again, and over a restart. */
	w->fails = NULL;
	roll_outs_free(w->r);
	w->r = roll_outs_new();
	for (int i = 0; i < 5; i++)
		pass(w, 100);
	assert_int_equal(n_new(w), 1);
	assert_int_equal(n_events(w, "rollout-stopped"), 1);
	scene_apply(w->s, STACK, TEXT);
	for (int i = 0; i < 5; i++)
		pass(w, 100);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_new(w), 3);
	assert_false(roll_outs_stopped_problem(w->s->f, text, sizeof(text)));
}

static void one_that_never_comes_to_serve_stops_it(void **state)
{
	struct watchman *w = *state;
	char text[600];

	begin(w, STACK);
	w->are_late = true;
	for (int i = 0; i < 10; i++) {
		pass(w, 59);
		assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	}
	pass(w, 70);
	assert_int_equal(state_of(w), DB_ROLL_OUT_STOPPED);
	assert_true(roll_outs_stopped_problem(w->s->f, text, sizeof(text)));
	assert_non_null(strstr(text, "has not come to serve for 10m"));
}

static void on_a_doubt_it_does_not_stop(void **state)
{
	struct watchman *w = *state;

	begin(w, STACK);
	w->fails = "failed";
	w->is_doubtful = true;
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	w->is_doubtful = false;
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_STOPPED);
}

static void what_is_added_meanwhile_gets_the_good_text(void **state)
{
	struct watchman *w = *state;

	begin(w, STACK);
	w->fails = "failed";
	pass(w, 1);
	scene_desire(w->s, "web", 6);
	pass(w, 1);
	pass(w, 1);
	assert_int_equal(w->s->f->n_units, 6);
	assert_int_equal(n_new(w), 1);
}

static void the_same_applied_again_is_another_try(void **state)
{
	struct watchman *w = *state;

	begin(w, STACK);
	w->fails = "failed";
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_STOPPED);
	scene_apply(w->s, STACK, NEW_TEXT);
	/* What failed is run anew, with the good text: then one gets the new one. */
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	w->fails = NULL;
	for (int i = 0; i < 8; i++)
		pass(w, 61);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_new(w), 3);
}

static void what_is_applied_while_it_stops_is_another_try_as_well(void **state)
{
	struct watchman *w = *state;

	begin(w, STACK);
	w->fails = "failed";
	w->applied = NEW_TEXT;
	pass(w, 1);
	assert_int_equal(n_events(w, "rollout-stopped"), 1);
	w->applied = NULL;
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	w->fails = NULL;
	for (int i = 0; i < 8; i++)
		pass(w, 61);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_events(w, "rollout-stopped"), 1);
}

static void it_goes_back_by_itself_where_the_stack_asks_for_it(void **state)
{
	struct watchman *w = *state;
	CLEANUP(db_stack_done) struct db_stack s = { 0 };
	CLEANUP(db_tier_done) struct db_tier t = { 0 };
	int64_t version;

	begin(w, CONF("rollback = auto\n"));
	assert_ok(db_tier_get(w->s->db->db, "shop", "web", &t, w->s->e), w->s->e);
	t.max = 7;
	assert_ok(db_tier_put(w->s->db->db, &t, w->s->e), w->s->e);
	w->fails = "failed";
	pass(w, 1);
	assert_int_equal(n_events(w, "stack-rolled-back"), 1);
	w->fails = NULL;
	for (int i = 0; i < 5; i++)
		pass(w, 61);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_new(w), 3);
	assert_int_equal(w->s->f->tiers[0].t.max, 7);
	assert_ok(db_stack_get(w->s->db->db, "shop", &s, w->s->e), w->s->e);
	version = s.version;
	/* What it went back to is never gone back from. */
	w->fails = "failed";
	for (int i = 0; i < 3; i++)
		pass(w, 61);
	assert_int_equal(n_events(w, "stack-rolled-back"), 1);
	db_stack_done(&s);
	assert_ok(db_stack_get(w->s->db->db, "shop", &s, w->s->e), w->s->e);
	assert_int_equal(s.version, version);
}

static void put_hold(struct watchman *w, int64_t *ret_id)
{
	struct db_hold hold = {
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t) "web",
		.reason = (char *)(uintptr_t) "a test",
		.owner = (char *)(uintptr_t) "me",
		.created_ms = NOW_MS,
		.expires_ms = NOW_MS + INT64_C(86400000),
	};

	assert_ok(db_hold_add(w->s->db->db, &hold, ret_id, w->s->e), w->s->e);
}

#define WITH_DB                                                            \
	CONF("rollback = auto\n")                                          \
	"[pool q]\ndriver = fake\nmax = 2\n[tier db]\nunit = db.service\n" \
	"pool = q\nstateful = yes\n"

static void what_came_with_the_text_stays_when_it_goes_back(void **state)
{
	struct watchman *w = *state;
	CLEANUP(db_pool_done) struct db_pool q = { 0 };

	stand(w, CONF("rollback = auto\n"));
	scene_apply(w->s, WITH_DB, NEW_TEXT);
	pass(w, 1);
	w->fails = "failed";
	pass(w, 1);
	assert_int_equal(n_events(w, "stack-rolled-back"), 1);
	w->fails = NULL;
	for (int i = 0; i < 5; i++)
		pass(w, 61);
	assert_int_equal(w->s->f->n_tiers, 2);
	assert_ok(db_pool_get(w->s->db->db, "q", &q, w->s->e), w->s->e);
	assert_int_equal(q.max, 2);
	assert_int_equal(w->s->f->tiers[1].roll.state, DB_ROLL_OUT_DONE);
	assert_string_equal(w->s->f->tiers[1].roll.good, w->s->f->tiers[1].roll.hash);
}

static void under_a_hold_it_does_not_go_back_and_tells_why_once(void **state)
{
	struct watchman *w = *state;
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	const struct db_event_filter of = { .kind = "rollback-failed" };
	int64_t id;

	begin(w, CONF("rollback = auto\n"));
	put_hold(w, &id);
	w->fails = "failed";
	pass(w, 1);
	pass(w, 1);
	assert_int_equal(n_events(w, "stack-rolled-back"), 0);
	assert_ok(db_event_list(w->s->db->db, &of, &l, w->s->e), w->s->e);
	assert_int_equal(l.n, 1);
	assert_non_null(strstr(l.v[0].message, "shop/web cannot go back by itself: it is "
					       "on hold; go back with 'foretide "
					       "rollback shop'"));
	assert_ok(db_hold_release(w->s->db->db, id, "me", w->s->now_ms, w->s->e),
		  w->s->e);
	pass(w, 1);
	assert_int_equal(n_events(w, "stack-rolled-back"), 1);
}

static void what_was_good_comes_back_to_all_at_once_whatever_happens(void **state)
{
	struct watchman *w = *state;

	begin(w, STACK);
	pass(w, 30);
	pass(w, 61);
	assert_int_equal(n_new(w), 2);
	scene_apply(w->s, STACK, TEXT);
	w->fails = "failed";
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_RUNNING);
	w->fails = NULL;
	for (int i = 0; i < 3; i++)
		pass(w, 1);
	assert_int_equal(n_new(w), 3);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_int_equal(n_events(w, "rollout-stopped"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(the_first_is_watched_for_a_minute_and_the_others_follow),
		WATCH_TEST(a_first_text_is_no_roll_out),
		WATCH_TEST(one_that_fails_stops_it_until_the_text_changes),
		WATCH_TEST(one_that_never_comes_to_serve_stops_it),
		WATCH_TEST(on_a_doubt_it_does_not_stop),
		WATCH_TEST(what_is_added_meanwhile_gets_the_good_text),
		WATCH_TEST(the_same_applied_again_is_another_try),
		WATCH_TEST(what_is_applied_while_it_stops_is_another_try_as_well),
		WATCH_TEST(it_goes_back_by_itself_where_the_stack_asks_for_it),
		WATCH_TEST(what_came_with_the_text_stays_when_it_goes_back),
		WATCH_TEST(under_a_hold_it_does_not_go_back_and_tells_why_once),
		WATCH_TEST(what_was_good_comes_back_to_all_at_once_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
