/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fleet_fixture.h"

#include "failing_units.h"
#include "place_units.h"
#include "plan_units.h"

#define STACK                                                                         \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"web@.service\npool = p\nmax = 9\nmin = 2\n"
#define ONE                                                                          \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier db]\nunit = " \
	"db.service\npool = p\n"
#define TEXT "[Service]\nExecStart=/bin/old\n"
#define NEW_TEXT "[Service]\nExecStart=/bin/new\n"
#define MINUTE_MS INT64_C(60000)

/* Two instances on two hosts, a ward for them, and a clock of its own. */
struct ward {
	struct scene *s;
	struct failing *f;
	struct events events;
	int64_t mono_ms;
	bool is_doubtful; /* what is seen */
	bool is_silent;   /* its agent */
	const char *unit; /* that the test is about */
};

static int setup(void **state)
{
	struct ward *w = xcalloc(1, sizeof(*w));

	scene_setup((void **)&w->s);
	w->f = failing_new();
	w->events = (struct events){ .db = w->s->db->db };
	w->mono_ms = 1000;
	w->unit = "web@2.service";
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct ward *w = *state;

	failing_free(w->f);
	scene_teardown((void **)&w->s);
	free(w);
	return 0;
}

/* What the agents say: the unit as given, all others well. */
static void observe_all(struct ward *w, const char *active, int64_t restarts)
{
	struct fleet *f = w->s->f;

	for (size_t i = 0; i < f->n_hosts; i++) {
		f->hosts[i].alive = true;
		f->hosts[i].states = states_new(1);
	}
	for (size_t i = 0; i < f->n_units; i++) {
		struct fleet_unit *u = &f->units[i];
		bool is_two = strcmp(u->u.name, w->unit) == 0;
		struct unit_state s = {
			.name = u->u.name,
			.hash = u->u.hash,
			.load = (char *)(uintptr_t) "loaded",
			.active = (char *)(uintptr_t)(is_two ? active : "active"),
			.sub = (char *)(uintptr_t) "running",
			.restarts = is_two ? restarts : 0,
			.message = (char *)(uintptr_t)(is_two ? "no database" : ""),
		};

		if (!u->host)
			continue;
		u->host->alive = !is_two || !w->is_silent;
		assert_ok(states_add(u->host->states, &s, w->s->e), w->s->e);
		u->healthy = u->u.goal == DB_GOAL_RUN && u->host->alive &&
			     unit_state_is_healthy(&s);
	}
}

static struct fleet_unit *look(struct ward *w, const char *active, int64_t restarts)
{
	scene_load(w->s);
	observe_all(w, active, restarts);
	fleet_index(w->s->f);
	failing_update(w->f, w->s->f, !w->is_doubtful, w->mono_ms, &w->events);
	return scene_unit(w->s, w->unit);
}

/* Minutes pass, on both clocks. */
static void pass(struct ward *w, int64_t minutes)
{
	w->s->now_ms += minutes * MINUTE_MS;
	w->mono_ms += minutes * MINUTE_MS;
}

static void stand_with(struct ward *w, const char *conf)
{
	scene_apply(w->s, conf, TEXT);
	scene_host(w->s, "a", "p", DB_HOST_UP);
	scene_host(w->s, "b", "p", DB_HOST_UP);
	scene_load(w->s);
	unit_plan(w->s->f);
	for (size_t i = 0; i < w->s->f->n_units; i++)
		fleet_unit_set(&w->s->f->units[i], &w->s->f->units[i].u.host,
			       i ? "b" : "a");
	scene_save(w->s);
}

static void stand(struct ward *w, const char *more)
{
	CLEANUP(free) char *conf = xasprintf(STACK "%s", more);

	stand_with(w, conf);
}

static size_t n_events(struct ward *w, const char *kind)
{
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	size_t n = 0;

	assert_ok(db_event_list(w->s->db->db, &(struct db_event_filter){ .limit = 100 },
				&l, w->s->e),
		  w->s->e);
	for (size_t i = 0; i < l.n; i++)
		n += strcmp(l.v[i].kind, kind) == 0;
	return n;
}

/* ---------------------------------------------------------------- noticing */

static void five_restarts_are_a_failure_that_is_told_once(void **state)
{
	struct ward *w = *state;
	char text[300];

	stand(w, "");
	assert_null(look(w, "activating", 4)->failing);
	assert_int_equal(w->s->f->tiers[0].running, 2);
	assert_false(failing_problem(w->s->f, text, sizeof(text)));
	for (int i = 5; i < 9; i++)
		assert_string_equal(look(w, "activating", i)->failing,
				    "failed 5 times: no database");
	assert_int_equal(n_events(w, "unit-failing"), 1);
	assert_true(failing_problem(w->s->f, text, sizeof(text)));
	assert_string_equal(text,
			    "unit web@2.service on host b failed 5 times: no database");
	/* It is not on its way any more. */
	assert_int_equal(w->s->f->tiers[0].running, 1);
	assert_int_equal(w->s->f->tiers[0].healthy, 1);
}

static void one_that_its_agent_gave_up_fails_at_once(void **state)
{
	struct ward *w = *state;

	stand(w, "");
	assert_string_equal(look(w, "failed", 0)->failing, "failed: no database");
}

static void one_that_is_slow_does_not_fail(void **state)
{
	struct ward *w = *state;

	stand(w, "");
	for (int i = 0; i < 20; i++, pass(w, 10))
		assert_null(look(w, "activating", 0)->failing);
	assert_false(scene_unit(w->s, "web@2.service")->give_up);
}

static void a_moment_of_health_is_no_recovery_but_a_minute_is(void **state)
{
	struct ward *w = *state;

	stand(w, "");
	look(w, "failed", 5);
	assert_null(look(w, "active", 6)->failing);
	assert_non_null(look(w, "activating", 6)->failing);
	assert_int_equal(n_events(w, "unit-recovered"), 0);
	look(w, "active", 7);
	pass(w, 1);
	assert_null(look(w, "active", 7)->failing);
	assert_int_equal(n_events(w, "unit-recovered"), 1);
	/* And what it failed before is forgotten. */
	assert_null(look(w, "activating", 11)->failing);
	assert_non_null(look(w, "activating", 12)->failing);
	assert_int_equal(n_events(w, "unit-failing"), 2);
}

static void another_text_begins_anew(void **state)
{
	struct ward *w = *state;
	struct fleet_unit *u;

	stand(w, "");
	u = look(w, "failed", 5);
	fleet_unit_set(u, &u->u.hash, "other");
	scene_save(w->s);
	assert_null(look(w, "activating", 0)->failing);
}

/* ---------------------------------------------------------------- trying anew */

/* Elsewhere, or where it is. */
static bool gives_up(struct ward *w)
{
	const struct fleet_unit *u = look(w, "failed", 5);

	return u->give_up || u->restart;
}

static void it_is_tried_anew_after_five_minutes_and_then_ever_later(void **state)
{
	struct ward *w = *state;
	static const int waits[] = { 5, 10, 20, 40, 60, 60 };

	stand(w, "");
	assert_false(gives_up(w));
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		pass(w, waits[i] - 1);
		assert_false(gives_up(w));
		pass(w, 1);
		assert_true(gives_up(w));
		/* On another host once; then where the one before was. */
		assert_int_equal(scene_unit(w->s, "web@2.service")->restart, i > 0);
		assert_string_equal(w->s->f->tiers[0].avoid, i == 0 ? "b" : "");
	}
	/* A tier that is well is treated as if nothing had been. */
	look(w, "active", 5);
	pass(w, 1);
	look(w, "active", 5);
	look(w, "active", 5);
	assert_string_equal(w->s->f->tiers[0].avoid, "");
	/* But it has served: another takes its place at once, and it is not given up. */
	assert_false(gives_up(w));
	assert_true(scene_unit(w->s, "web@2.service")->made_up);
	pass(w, 5);
	assert_false(gives_up(w));
}

static void a_clock_that_is_set_back_ends_no_trying(void **state)
{
	struct ward *w = *state;

	stand(w, "");
	assert_false(gives_up(w));
	w->s->now_ms -= INT64_C(365) * 1440 * MINUTE_MS;
	assert_false(gives_up(w));
	pass(w, 5);
	assert_true(gives_up(w));
	w->s->now_ms -= INT64_C(365) * 1440 * MINUTE_MS;
	assert_false(gives_up(w));
	pass(w, 10);
	assert_true(gives_up(w));
}

static void one_that_served_and_is_no_template_is_tried_anew_too(void **state)
{
	struct ward *w = *state;

	w->unit = "db.service";
	stand_with(w, ONE);
	look(w, "activating", 0);
	look(w, "active", 0);
	assert_false(gives_up(w));
	assert_non_null(scene_unit(w->s, "db.service")->sick);
	pass(w, 5);
	assert_true(gives_up(w));
}

static void on_a_doubt_none_is_given_up(void **state)
{
	struct ward *w = *state;

	stand(w, "");
	assert_false(gives_up(w));
	pass(w, 10);
	w->is_doubtful = true;
	assert_false(gives_up(w));
	w->is_doubtful = false;
	w->is_silent = true;
	assert_false(gives_up(w));
	assert_non_null(scene_unit(w->s, w->unit)->failing);
	w->is_silent = false;
	assert_true(gives_up(w));
}

static void the_next_one_is_tried_on_another_host(void **state)
{
	struct ward *w = *state;
	CLEANUP(place_moves_free) struct place_moves *moves = place_moves_new();
	CLEANUP(place_result_done) struct place_result placed = { 0 };

	stand(w, "");
	look(w, "failed", 5);
	pass(w, 5);
	look(w, "failed", 5);
	unit_plan(w->s->f);
	assert_int_equal(scene_unit(w->s, "web@2.service")->u.goal, DB_GOAL_DRAIN);
	assert_int_equal(scene_unit(w->s, "web@1.service")->u.goal, DB_GOAL_RUN);
	place_units(w->s->f, moves, 0, &placed);
	/* b has fewer that stay; it would be the first choice. */
	assert_string_equal(scene_unit(w->s, "web@3.service")->u.host, "a");
}

static void one_that_drains_is_a_failure_no_longer(void **state)
{
	struct ward *w = *state;
	struct fleet_unit *u;

	stand(w, "");
	u = look(w, "failed", 5);
	u->u.goal = DB_GOAL_DRAIN;
	u->dirty = true;
	scene_save(w->s);
	assert_null(look(w, "failed", 5)->failing);
	u = look(w, "failed", 5);
	fleet_unit_set(u, &u->u.host, "");
	scene_save(w->s);
	assert_null(look(w, "failed", 5)->failing);
}

static void what_is_stateful_or_held_is_left_to_a_person(void **state)
{
	struct ward *w = *state;
	struct db_hold h = { .stack = (char *)(uintptr_t) "shop",
			     .tier = (char *)(uintptr_t) "",
			     .owner = (char *)(uintptr_t) "ann",
			     .created_ms = NOW_MS };
	int64_t id;

	stand(w, "stateful = yes\n");
	gives_up(w);
	pass(w, 100);
	assert_false(gives_up(w));
	assert_non_null(scene_unit(w->s, "web@2.service")->failing);
	scene_apply(w->s, STACK, TEXT);
	assert_ok(db_hold_add(w->s->db->db, &h, &id, w->s->e), w->s->e);
	assert_false(gives_up(w));
	assert_ok(db_hold_release(w->s->db->db, id, "ann", w->s->now_ms, w->s->e),
		  w->s->e);
	assert_true(gives_up(w));
}

/* ---------------------------------------------------------------- roll-outs */

/* web@2 has the new text, web@1 the old one. */
static const char *begin_roll_out(struct ward *w)
{
	struct fleet_unit *u;

	stand(w, "");
	look(w, "active", 0);
	scene_apply(w->s, STACK, NEW_TEXT);
	u = look(w, "active", 0);
	fleet_unit_set(u, &u->u.hash, w->s->f->tiers[0].cat->unit->hash);
	scene_save(w->s);
	look(w, "activating", 0);
	return w->s->f->tiers[0].cat->unit->hash;
}

static void a_roll_out_says_what_it_waits_for(void **state)
{
	struct ward *w = *state;
	char text[400];

	begin_roll_out(w);
	assert_false(failing_roll_out(w->s->f, text, sizeof(text)));
	look(w, "failed", 5);
	assert_true(failing_roll_out(w->s->f, text, sizeof(text)));
	assert_string_equal(text, "1 of 2 instances of shop/web have the new unit text: "
				  "the roll-out waits for unit web@2.service on host b, "
				  "which failed 5 times: no database");
}

static void a_program_that_ends_at_once_lets_no_roll_out_go_on(void **state)
{
	struct ward *w = *state;
	const char *hash = begin_roll_out(w);

	/* It runs, for a moment. */
	look(w, "active", 0);
	unit_plan(w->s->f);
	assert_string_not_equal(scene_unit(w->s, "web@1.service")->u.hash, hash);
	w->mono_ms += 5000;
	look(w, "active", 0);
	unit_plan(w->s->f);
	assert_string_equal(scene_unit(w->s, "web@1.service")->u.hash, hash);
}

#define WARD_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WARD_TEST(five_restarts_are_a_failure_that_is_told_once),
		WARD_TEST(one_that_its_agent_gave_up_fails_at_once),
		WARD_TEST(one_that_is_slow_does_not_fail),
		WARD_TEST(a_moment_of_health_is_no_recovery_but_a_minute_is),
		WARD_TEST(another_text_begins_anew),
		WARD_TEST(it_is_tried_anew_after_five_minutes_and_then_ever_later),
		WARD_TEST(a_clock_that_is_set_back_ends_no_trying),
		WARD_TEST(one_that_served_and_is_no_template_is_tried_anew_too),
		WARD_TEST(on_a_doubt_none_is_given_up),
		WARD_TEST(the_next_one_is_tried_on_another_host),
		WARD_TEST(one_that_drains_is_a_failure_no_longer),
		WARD_TEST(what_is_stateful_or_held_is_left_to_a_person),
		WARD_TEST(a_roll_out_says_what_it_waits_for),
		WARD_TEST(a_program_that_ends_at_once_lets_no_roll_out_go_on),
	};

	return cmocka_run_group_tests_name("failing", tests, NULL, NULL);
}
