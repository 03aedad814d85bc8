/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fleet_fixture.h"

#include "plan_units.h"

#define WEB                                                                           \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"web@.service\npool = p\nmax = 9\nmin = 2\n"
#define APP                                                                           \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"app@.service\npool = p\nmax = 9\nmin = 2\n"
#define LB                                                                           \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier lb]\nunit = " \
	"lb.service\npool = p\n"
#define TEXT "[Service]\nExecStart=/bin/old\n"
#define NEW_TEXT "[Service]\nExecStart=/bin/new\n"

/* ---------------------------------------------------------------- the scene */

/* What the last round left, planned; all units on the host are healthy but
 * those named. */
static void plan_but(struct scene *s, const char *sick)
{
	scene_load(s);
	for (size_t i = 0; i < s->f->n_units; i++) {
		struct fleet_unit *u = &s->f->units[i];

		u->healthy =
			u->host && u->u.goal == DB_GOAL_RUN && !strstr(sick, u->u.name);
	}
	unit_plan(s->f);
}

static void plan(struct scene *s)
{
	plan_but(s, "");
}

/* Puts what is nowhere on the host, and reports what drains as drained. */
static void carry_out(struct scene *s, const char *host)
{
	for (size_t i = 0; i < s->f->n_units; i++) {
		struct fleet_unit *u = &s->f->units[i];

		if (u->u.goal == DB_GOAL_RUN && !*u->u.host)
			fleet_unit_set(u, &u->u.host, host);
		if (u->u.goal == DB_GOAL_DRAIN) {
			u->u.drained = true;
			u->dirty = true;
		}
	}
	scene_save(s);
}

/* n instances of web, healthy on host a. */
static void stand(struct scene *s, int64_t n)
{
	scene_apply(s, WEB, TEXT);
	scene_host(s, "a", "p", DB_HOST_UP);
	scene_load(s);
	scene_desire(s, "web", n);
	plan(s);
	carry_out(s, "a");
}

static size_t n_running(struct scene *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->f->n_units; i++)
		n += s->f->units[i].u.goal == DB_GOAL_RUN && !s->f->units[i].gone;
	return n;
}

static bool drains(struct scene *s, const char *name)
{
	struct fleet_unit *u = scene_unit(s, name);

	return u && u->u.goal == DB_GOAL_DRAIN;
}

/* ---------------------------------------------------------------- how many */

static void a_tier_that_was_never_decided_has_its_minimum(void **state)
{
	struct scene *s = *state;

	scene_apply(s, WEB, TEXT);
	plan(s);
	assert_int_equal(n_running(s), 2);
	assert_non_null(scene_unit(s, "web@1.service"));
	assert_non_null(scene_unit(s, "web@2.service"));
	assert_int_equal(scene_unit(s, "web@2.service")->u.wanted_ms, NOW_MS);
}

static void what_is_missing_is_added_with_the_lowest_free_numbers(void **state)
{
	static const char *const gone[] = { "web@2.service" };
	struct scene *s = *state;

	stand(s, 3);
	assert_ok(db_units_change(s->db->db, NULL, 0, gone, 1, s->e), s->e);
	scene_desire(s, "web", 4);
	plan(s);
	assert_int_equal(n_running(s), 4);
	assert_non_null(scene_unit(s, "web@2.service"));
	assert_non_null(scene_unit(s, "web@4.service"));
}

static void a_tier_may_have_none(void **state)
{
	struct scene *s = *state;

	stand(s, 2);
	scene_desire(s, "web", 0);
	plan(s);
	assert_int_equal(n_running(s), 0);
	carry_out(s, "a");
	plan(s);
	scene_save(s);
	scene_load(s);
	assert_int_equal(s->f->n_units, 0);
}

static void what_is_too_many_drains_before_it_goes(void **state)
{
	struct scene *s = *state;

	stand(s, 3);
	scene_desire(s, "web", 2);
	plan(s);
	assert_true(drains(s, "web@3.service"));
	assert_int_equal(n_running(s), 2);
	scene_save(s);
	/* Not yet drained: it stays, in as many rounds as that takes. */
	plan(s);
	assert_false(scene_unit(s, "web@3.service")->gone);
	carry_out(s, "a");
	plan(s);
	assert_true(scene_unit(s, "web@3.service")->gone);
	assert_int_equal(n_running(s), 2);
}

static void a_sick_instance_goes_before_a_healthy_one(void **state)
{
	struct scene *s = *state;

	stand(s, 3);
	scene_desire(s, "web", 2);
	plan_but(s, "web@1.service");
	assert_true(drains(s, "web@1.service"));
}

static void one_that_was_never_placed_goes_at_once(void **state)
{
	struct scene *s = *state;

	scene_apply(s, WEB, TEXT);
	plan(s);
	scene_save(s);
	scene_load(s);
	scene_desire(s, "web", 0);
	plan(s);
	scene_save(s);
	plan(s);
	assert_true(scene_unit(s, "web@1.service")->gone);
}

static void a_unit_without_a_template_exists_once(void **state)
{
	struct scene *s = *state;

	scene_apply(s, LB, TEXT);
	scene_load(s);
	scene_desire(s, "lb", 5);
	plan(s);
	assert_int_equal(n_running(s), 1);
	assert_non_null(scene_unit(s, "lb.service"));
}

/* ---------------------------------------------------------------- leaving */

static void on_a_draining_host_another_takes_over_first(void **state)
{
	struct scene *s = *state;

	stand(s, 2);
	scene_host(s, "a", "p", DB_HOST_DRAINING);
	scene_host(s, "b", "p", DB_HOST_UP);
	plan(s);
	assert_int_equal(n_running(s), 4);
	assert_false(drains(s, "web@1.service"));
	assert_true(scene_unit(s, "web@1.service")->leaving);
	for (size_t i = 0; i < s->f->n_units; i++)
		if (!*s->f->units[i].u.host)
			fleet_unit_set(&s->f->units[i], &s->f->units[i].u.host, "b");
	scene_save(s);
	/* One of the new ones is not healthy yet: nobody goes. */
	plan_but(s, "web@3.service");
	assert_false(drains(s, "web@1.service"));
	plan(s);
	assert_true(drains(s, "web@1.service"));
	assert_true(drains(s, "web@2.service"));
	assert_int_equal(n_running(s), 2);
}

static void a_person_s_drain_moves_a_stateful_instance_as_well(void **state)
{
	struct scene *s = *state;

	scene_apply(s, WEB "stateful = yes\n", TEXT);
	scene_host(s, "a", "p", DB_HOST_UP);
	plan(s);
	carry_out(s, "a");
	scene_host(s, "a", "p", DB_HOST_DRAINING);
	scene_host(s, "b", "p", DB_HOST_UP);
	plan(s);
	carry_out(s, "b");
	plan(s);
	assert_true(drains(s, "web@1.service"));
	assert_true(drains(s, "web@2.service"));
	assert_false(drains(s, "web@3.service"));
}

static void one_that_holds_state_and_is_no_template_s_stops_first(void **state)
{
	struct scene *s = *state;

	scene_apply(s, LB "stateful = yes\n", TEXT);
	scene_host(s, "a", "p", DB_HOST_UP);
	plan(s);
	carry_out(s, "a");
	scene_host(s, "a", "p", DB_HOST_DRAINING);
	plan(s);
	assert_true(drains(s, "lb.service"));
	carry_out(s, "a");
	plan(s);
	assert_true(scene_unit(s, "lb.service")->gone);
	scene_save(s);
	plan(s);
	assert_false(drains(s, "lb.service"));
	assert_string_equal(scene_unit(s, "lb.service")->u.host, "");
}

/* lb.service serves on host a, which is drained; its successor is on host b. */
static void move_the_single_one(struct scene *s)
{
	scene_apply(s, LB, TEXT);
	scene_host(s, "a", "p", DB_HOST_UP);
	plan(s);
	carry_out(s, "a");
	scene_host(s, "a", "p", DB_HOST_DRAINING);
	scene_host(s, "b", "p", DB_HOST_UP);
	plan(s);
}

static void one_that_is_no_template_s_serves_until_another_does(void **state)
{
	struct scene *s = *state;
	char name[UNIT_NAME_TEXT];

	move_the_single_one(s);
	assert_int_equal(n_running(s), 2);
	assert_string_equal(scene_unit(s, "lb.service:a")->u.host, "a");
	assert_string_equal(fleet_unit_name(scene_unit(s, "lb.service:a"), name),
			    "lb.service");
	assert_string_equal(scene_unit(s, "lb.service")->u.host, "");
	carry_out(s, "b");
	plan_but(s, "lb.service");
	assert_false(drains(s, "lb.service:a"));
	plan(s);
	assert_true(drains(s, "lb.service:a"));
	assert_false(drains(s, "lb.service"));
	carry_out(s, "b");
	plan(s);
	assert_true(scene_unit(s, "lb.service:a")->gone);
	scene_save(s);
	scene_load(s);
	assert_int_equal(s->f->n_units, 1);
	assert_string_equal(scene_unit(s, "lb.service")->u.host, "b");
}

static void one_whose_host_is_lost_while_it_is_replaced_is_not_placed_again(void **state)
{
	struct scene *s = *state;

	move_the_single_one(s);
	fleet_unit_set(scene_unit(s, "lb.service:a"),
		       &scene_unit(s, "lb.service:a")->u.host, "");
	scene_save(s);
	plan(s);
	assert_true(scene_unit(s, "lb.service:a")->gone);
	assert_int_equal(n_running(s), 1);
}

static void one_that_is_run_again_stays_where_it_is(void **state)
{
	struct scene *s = *state;
	struct fleet_unit *u;

	stand(s, 2);
	scene_load(s);
	scene_unit(s, "web@1.service")->restart = true;
	unit_plan(s->f);
	u = scene_unit(s, "web@1.service");
	assert_int_equal(u->u.goal, DB_GOAL_RESTART);
	assert_int_equal(s->f->n_units, 2);
	scene_save(s);
	/* In as many rounds as it takes to stop. */
	plan(s);
	assert_int_equal(scene_unit(s, "web@1.service")->u.goal, DB_GOAL_RESTART);
	scene_unit(s, "web@1.service")->u.drained = true;
	scene_unit(s, "web@1.service")->dirty = true;
	scene_save(s);
	plan(s);
	u = scene_unit(s, "web@1.service");
	assert_int_equal(u->u.goal, DB_GOAL_RUN);
	assert_string_equal(u->u.host, "a");
	assert_int_equal(s->f->n_units, 2);
}

static void one_that_is_run_again_goes_first_when_there_are_too_many(void **state)
{
	struct scene *s = *state;

	stand(s, 3);
	scene_load(s);
	scene_unit(s, "web@1.service")->restart = true;
	unit_plan(s->f);
	scene_desire(s, "web", 2);
	scene_save(s);
	plan(s);
	assert_true(drains(s, "web@1.service"));
	assert_int_equal(n_running(s), 2);
}

static void units_of_a_tier_that_is_no_more_drain(void **state)
{
	struct scene *s = *state;

	stand(s, 2);
	scene_apply(s, LB, TEXT);
	plan(s);
	assert_true(drains(s, "web@1.service"));
	assert_true(drains(s, "web@2.service"));
}

static void a_tier_whose_stack_cannot_be_read_stays_as_it_is(void **state)
{
	struct scene *s = *state;

	stand(s, 2);
	scene_load(s);
	scene_desire(s, "web", 5);
	fleet_tier(s->f, "shop", "web")->cat = NULL;
	unit_plan(s->f);
	assert_int_equal(n_running(s), 2);
}

/* ---------------------------------------------------------------- texts and files */

static size_t n_with_hash_of(struct scene *s, const char *name)
{
	const char *hash = scene_unit(s, name)->u.hash;
	size_t n = 0;

	for (size_t i = 0; i < s->f->n_units; i++)
		n += strcmp(s->f->units[i].u.hash, hash) == 0;
	return n;
}

static void a_new_text_goes_to_one_at_a_time(void **state)
{
	struct scene *s = *state;

	stand(s, 3);
	scene_apply(s, WEB, NEW_TEXT);
	plan(s);
	/* Two have the old one still. */
	assert_int_equal(n_with_hash_of(s, "web@1.service") +
				 n_with_hash_of(s, "web@2.service") +
				 n_with_hash_of(s, "web@3.service"),
			 1 + 2 + 2);
	scene_save(s);
	for (int i = 0; i < 2; i++) {
		plan(s);
		scene_save(s);
	}
	assert_int_equal(n_with_hash_of(s, "web@1.service"), 3);
}

static void a_text_that_does_not_start_stops_its_own_roll_out(void **state)
{
	struct scene *s = *state;
	const char *first = NULL;

	stand(s, 3);
	scene_load(s);
	scene_apply(s, WEB, NEW_TEXT);
	plan(s);
	for (size_t i = 0; i < s->f->n_units; i++)
		if (n_with_hash_of(s, s->f->units[i].u.name) == 1)
			first = s->f->units[i].u.name;
	assert_non_null(first);
	first = strcmp(first, "web@1.service") == 0   ? "web@1.service"
		: strcmp(first, "web@2.service") == 0 ? "web@2.service"
						      : "web@3.service";
	scene_save(s);
	for (int i = 0; i < 3; i++) {
		plan_but(s, first);
		scene_save(s);
	}
	assert_int_equal(n_with_hash_of(s, first), 1);
	/* And the text that mends it goes to the sick one first. */
	scene_apply(s, WEB, TEXT);
	plan_but(s, first);
	assert_int_equal(n_with_hash_of(s, first), 3);
}

static void another_unit_file_replaces_what_runs(void **state)
{
	struct scene *s = *state;

	stand(s, 2);
	scene_apply(s, APP, TEXT);
	plan(s);
	assert_non_null(scene_unit(s, "app@1.service"));
	assert_non_null(scene_unit(s, "app@2.service"));
	assert_false(drains(s, "web@1.service"));
	carry_out(s, "a");
	plan(s);
	assert_true(drains(s, "web@1.service"));
	assert_true(drains(s, "web@2.service"));
	assert_false(drains(s, "app@1.service"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(a_tier_that_was_never_decided_has_its_minimum),
		SCENE_TEST(what_is_missing_is_added_with_the_lowest_free_numbers),
		SCENE_TEST(a_tier_may_have_none),
		SCENE_TEST(what_is_too_many_drains_before_it_goes),
		SCENE_TEST(a_sick_instance_goes_before_a_healthy_one),
		SCENE_TEST(one_that_was_never_placed_goes_at_once),
		SCENE_TEST(a_unit_without_a_template_exists_once),
		SCENE_TEST(on_a_draining_host_another_takes_over_first),
		SCENE_TEST(a_person_s_drain_moves_a_stateful_instance_as_well),
		SCENE_TEST(one_that_holds_state_and_is_no_template_s_stops_first),
		SCENE_TEST(one_that_is_no_template_s_serves_until_another_does),
		SCENE_TEST(
			one_whose_host_is_lost_while_it_is_replaced_is_not_placed_again),
		SCENE_TEST(one_that_is_run_again_stays_where_it_is),
		SCENE_TEST(one_that_is_run_again_goes_first_when_there_are_too_many),
		SCENE_TEST(units_of_a_tier_that_is_no_more_drain),
		SCENE_TEST(a_tier_whose_stack_cannot_be_read_stays_as_it_is),
		SCENE_TEST(a_new_text_goes_to_one_at_a_time),
		SCENE_TEST(a_text_that_does_not_start_stops_its_own_roll_out),
		SCENE_TEST(another_unit_file_replaces_what_runs),
	};

	return cmocka_run_group_tests_name("unit_plan", tests, NULL, NULL);
}
