/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units that take their hosts with them are started nowhere. */
#include "roll_out_fixture.h"

/* Its host falls silent, and is lost: what it ran is placed anew. */
static void fall(struct watchman *w, const char *host)
{
	w->silent = host;
	pass(w, 5);
	assert_ok(db_host_set_state(w->s->db->db, host, DB_HOST_GONE, "lost",
				    w->s->now_ms, w->s->e),
		  w->s->e);
	w->silent = NULL;
}

static const char *host_of(struct watchman *w)
{
	const struct fleet_unit *u = scene_unit(w->s, "lb.service");

	return u ? strcmp(u->u.host, "a") == 0       ? "a"
		       : strcmp(u->u.host, "b") == 0 ? "b"
						     : "c"
		 : "";
}

static void move_to(struct watchman *w, const char *host)
{
	struct fleet_unit *u;

	scene_load(w->s);
	u = scene_unit(w->s, "lb.service");
	fleet_unit_set(u, &u->u.host, host);
	u->u.placed_ms = w->s->now_ms;
	scene_save(w->s);
	pass(w, 1);
}

/* The unit runs on a, which is silent. */
static void lose_first(struct watchman *w)
{
	scene_apply(w->s, ALONE, TEXT);
	for (const char *h = "a\0b\0c\0"; *h; h += 2)
		scene_host(w->s, h, "p", DB_HOST_UP);
	pass(w, 1);
	pass(w, 1);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_string_equal(host_of(w), "a");
	w->silent = "a";
	pass(w, 5);
}

static void a_unit_that_takes_two_hosts_with_it_is_started_nowhere(void **state)
{
	struct watchman *w = *state;
	char text[600];

	lose_first(w);
	fall(w, "a");
	assert_int_equal(n_events(w, "unit-kills-hosts"), 0);
	move_to(w, "b");
	fall(w, "b");
	assert_int_equal(n_events(w, "unit-kills-hosts"), 1);
	assert_true(roll_outs_kills_problem(w->s->f, text, sizeof(text)));
	assert_non_null(strstr(text, "unit lb.service of shop/lb took host a and then "
				     "host b with it: "));
	for (int i = 0; i < 3; i++)
		pass(w, 60);
	assert_int_equal(w->s->f->n_units, 0);
	/* Another text is. */
	scene_apply(w->s, ALONE, NEW_TEXT);
	pass(w, 1);
	assert_int_equal(w->s->f->n_units, 1);
	assert_false(roll_outs_kills_problem(w->s->f, text, sizeof(text)));
}

static void hosts_that_are_heard_again_were_not_taken(void **state)
{
	struct watchman *w = *state;

	lose_first(w);
	for (const char *h = "b\0c\0a\0"; *h; h += 2) {
		move_to(w, h);
		w->silent = NULL;
		pass(w, 20);
		w->silent = h;
		pass(w, 10);
	}
	assert_int_equal(n_events(w, "unit-kills-hosts"), 0);
	assert_int_equal(w->s->f->n_units, 1);
}

static void a_host_in_its_grace_or_in_doubt_or_that_pushes_was_not_taken(void **state)
{
	struct watchman *w = *state;

	lose_first(w);
	move_to(w, "b");
	w->silent = "ab";
	w->are_in_grace = true;
	pass(w, 5);
	w->are_in_grace = false;
	w->push_still = true;
	pass(w, 5);
	w->push_still = false;
	w->is_doubtful = true;
	pass(w, 5);
	assert_int_equal(n_events(w, "unit-kills-hosts"), 0);
}

static void the_ban_ends_when_one_of_its_hosts_is_heard_and_ends_nothing(void **state)
{
	struct watchman *w = *state;
	char text[600];

	lose_first(w);
	move_to(w, "b");
	w->silent = "ab";
	for (int i = 0; i < 3; i++)
		pass(w, 60);
	assert_int_equal(n_events(w, "unit-kills-hosts"), 1);
	/* Where it is it stays. */
	assert_string_equal(host_of(w), "b");
	assert_int_equal(w->s->f->units[0].u.goal, DB_GOAL_RUN);
	/* Also to a controller that is started meanwhile. */
	roll_outs_free(w->r);
	w->r = roll_outs_new();
	w->silent = "b";
	pass(w, 1);
	assert_int_equal(n_events(w, "unit-cleared"), 1);
	assert_false(roll_outs_kills_problem(w->s->f, text, sizeof(text)));
	w->silent = NULL;
	pass(w, 61);
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
	assert_string_equal(host_of(w), "b");
}

/* Two of two or three hosts: none is replaced for the second, which is in doubt. */
static void in_a_small_installation_it_takes_two_hosts_as_well(void **state)
{
	struct watchman *w = *state;

	lose_first(w);
	move_to(w, "b");
	w->silent = "ab";
	w->are_in_grace = w->is_shrunk = true;
	w->silent_ms = 5000;
	pass(w, 5);
	assert_int_equal(n_events(w, "unit-kills-hosts"), 0);
	w->silent_ms = 30000;
	pass(w, 25);
	assert_int_equal(n_events(w, "unit-kills-hosts"), 1);
	assert_string_equal(w->s->f->tiers[0].roll.host, "a b");
	/* Not twice, also when the doubt is over. */
	pass(w, 60);
	w->are_in_grace = w->is_shrunk = false;
	pass(w, 60);
	assert_int_equal(n_events(w, "unit-kills-hosts"), 1);
	w->silent = NULL;
	pass(w, 1);
	assert_int_equal(n_events(w, "unit-cleared"), 1);
}

static void what_else_is_silent_is_put_down_to_no_unit(void **state)
{
	struct watchman *w = *state;

	lose_first(w);
	move_to(w, "b");
	/* On c it never was. */
	w->silent = "abc";
	w->are_in_grace = w->is_shrunk = true;
	for (int i = 0; i < 3; i++) {
		w->silent_ms = 60000 * i;
		pass(w, 60);
	}
	assert_int_equal(n_events(w, "unit-kills-hosts"), 0);
	assert_int_equal(w->s->f->n_units, 1);
}

/* All at once, as a network is cut: on none was it begun after another fell. */
static void hosts_that_fall_silent_at_once_are_put_down_to_no_unit(void **state)
{
	struct watchman *w = *state;

	scene_apply(w->s, STACK, TEXT);
	for (const char *h = "a\0b\0c\0"; *h; h += 2)
		scene_host(w->s, h, "p", DB_HOST_UP);
	pass(w, 1);
	pass(w, 1);
	w->silent = "abc";
	w->are_in_grace = w->is_shrunk = true;
	for (int i = 0; i < 8; i++) {
		w->silent_ms = 20000 * i;
		pass(w, 20);
	}
	assert_int_equal(n_events(w, "unit-kills-hosts"), 0);
}

static void one_that_ran_for_long_or_elsewhere_is_no_killer(void **state)
{
	struct watchman *w = *state;

	stand(w, STACK);
	fall(w, "a");
	pass(w, 5);
	pass(w, 5);
	fall(w, "b");
	pass(w, 5);
	fall(w, "c");
	assert_int_equal(n_events(w, "unit-kills-hosts"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(a_unit_that_takes_two_hosts_with_it_is_started_nowhere),
		WATCH_TEST(hosts_that_are_heard_again_were_not_taken),
		WATCH_TEST(a_host_in_its_grace_or_in_doubt_or_that_pushes_was_not_taken),
		WATCH_TEST(the_ban_ends_when_one_of_its_hosts_is_heard_and_ends_nothing),
		WATCH_TEST(in_a_small_installation_it_takes_two_hosts_as_well),
		WATCH_TEST(what_else_is_silent_is_put_down_to_no_unit),
		WATCH_TEST(hosts_that_fall_silent_at_once_are_put_down_to_no_unit),
		WATCH_TEST(one_that_ran_for_long_or_elsewhere_is_no_killer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
