/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fleet_fixture.h"

#include "failing_units.h"
#include "place_units.h"
#include "plan_units.h"
#include "sick_units.h"

#define STACK(max, more)                                                              \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"web@.service\npool = p\nmax = " max "\nmin = 1\n" more
#define TEXT "[Service]\nExecStart=/bin/old\n"
#define NEW_TEXT "[Service]\nExecStart=/bin/new\n"
#define MINUTE_MS INT64_C(60000)

/* A tier of four on four hosts, the first so many of which fail their check. */
struct ward {
	struct scene *s;
	struct failing *f;
	struct events events;
	int64_t mono_ms;
	size_t n_sick;
	const char *active; /* of the sick ones */
	bool never_passed;  /* the first one's check */
	int64_t ahead_ms;   /* the clock of all hosts */
	bool is_doubtful;   /* what is seen */
	bool is_silent;     /* the agent of the first */
	bool is_bad_text;   /* the tier's: who has it serves for a moment at most */
	bool no_room;       /* for what is new */
	int64_t most;       /* that was decided with; 0: nothing is decided */
};

static int setup(void **state)
{
	struct ward *w = xcalloc(1, sizeof(*w));

	scene_setup((void **)&w->s);
	w->f = failing_new();
	w->events = (struct events){ .db = w->s->db->db };
	w->mono_ms = 1000;
	w->active = "active";
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

static bool spoils(const struct ward *w, const struct fleet_unit *u)
{
	return w->is_bad_text && u->u.healthy_ms &&
	       u->u.healthy_ms + 30000 < w->s->now_ms &&
	       strcmp(u->u.hash, u->tier->cat->unit->hash) == 0;
}

static void say(struct ward *w, struct fleet_unit *u)
{
	const int number = atoi(strchr(u->u.name, '@') + 1);
	const bool is_sick = number <= (int)w->n_sick || spoils(w, u);
	const bool is_down = is_sick && strcmp(w->active, "active") != 0;
	struct unit_state s = {
		.name = u->u.name,
		.hash = u->u.hash,
		.load = (char *)(uintptr_t) "loaded",
		.active = (char *)(uintptr_t)(is_sick ? w->active : "active"),
		.sub = (char *)(uintptr_t) "running",
		.health = is_down || (number == 1 && is_sick && w->never_passed)
				  ? HEALTH_STARTING
			  : is_sick ? HEALTH_FAILING
				    : HEALTH_PASSING,
		.since_ms = NOW_MS + w->ahead_ms,
		.message = (char *)(uintptr_t)(is_sick ? "check of web: status 500" : ""),
	};

	assert_ok(states_add(u->host->states, &s, w->s->e), w->s->e);
	u->served = strcmp(u->u.active, "active") == 0;
	u->healthy =
		u->u.goal == DB_GOAL_RUN && u->host->alive && unit_state_is_healthy(&s);
	if (u->healthy && !u->u.healthy_ms)
		u->u.healthy_ms = w->s->now_ms;
	fleet_unit_set(u, &u->u.active, u->healthy ? "active" : "down");
}

/* A round: what is new gets a host of its own, and serves in the next one. */
static size_t go_round(struct ward *w)
{
	struct fleet *f;
	size_t n = 0;

	scene_load(w->s);
	f = w->s->f;
	for (size_t i = 0; i < f->n_hosts; i++) {
		f->hosts[i].alive = !w->is_silent || strcmp(f->hosts[i].h.id, "h1") != 0;
		f->hosts[i].states = states_new(1);
	}
	for (size_t i = 0; i < f->n_units; i++)
		if (f->units[i].host)
			say(w, &f->units[i]);
	fleet_index(f);
	failing_update(w->f, f, !w->is_doubtful, w->mono_ms, &w->events);
	f->tiers[0].is_decided = w->most > 0;
	f->tiers[0].most = w->most;
	unit_plan(f);
	for (size_t i = 0; i < f->n_units; i++)
		n += f->units[i].u.goal == DB_GOAL_RUN && !f->units[i].gone;
	return n;
}

static void settle(struct ward *w)
{
	struct fleet *f = w->s->f;

	for (size_t i = 0; i < f->n_units; i++) {
		struct fleet_unit *u = &f->units[i];
		char host[16];

		if (*u->u.host || u->u.goal != DB_GOAL_RUN || w->no_room)
			continue;
		snprintf(host, sizeof(host), "h%s", strchr(u->u.name, '@') + 1);
		*strchr(host, '.') = '\0';
		scene_host(w->s, host, "p", DB_HOST_UP);
		fleet_unit_set(u, &u->u.host, host);
	}
	scene_save(w->s);
}

static size_t round_at(struct ward *w, int64_t seconds)
{
	size_t n;

	w->s->now_ms += seconds * 1000;
	w->mono_ms += seconds * 1000;
	n = go_round(w);
	settle(w);
	return n;
}

static void stand(struct ward *w, const char *conf, int64_t desired)
{
	scene_apply(w->s, conf, TEXT);
	scene_load(w->s);
	scene_desire(w->s, "web", desired);
	scene_load(w->s);
	unit_plan(w->s->f);
	settle(w);
	assert_int_equal(round_at(w, 10), desired);
}

static bool is_running(struct ward *w, const char *name)
{
	const struct fleet_unit *u = scene_unit(w->s, name);

	return u && u->u.goal == DB_GOAL_RUN && !u->gone;
}

static const char *problem(struct ward *w)
{
	static char text[400];

	return sick_problem(w->s->f, text, sizeof(text)) ? text : "";
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

/* ---------------------------------------------------------------- made up for */

static void two_of_four_that_fail_their_check_are_made_up_for_at_once(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	w->n_sick = 2;
	assert_int_equal(round_at(w, 1), 6);
	assert_int_equal(w->s->f->tiers[0].healthy, 2);
	/* The two new ones count as starting, the sick ones do not. */
	assert_int_equal(w->s->f->tiers[0].running, 4);
	assert_string_equal(problem(w),
			    "2 of 6 instances of shop/web do not serve: unit "
			    "web@1.service on host h1 fails its check: check of web: "
			    "status 500");
	assert_int_equal(n_events(w, "unit-sick"), 2);
	for (int i = 0; i < 5; i++)
		assert_int_equal(round_at(w, 10), 6);
	assert_int_equal(n_events(w, "unit-sick"), 2);
	assert_true(is_running(w, "web@1.service"));
}

static void once_others_serve_for_five_minutes_they_are_replaced(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	w->n_sick = 2;
	for (int i = 0; i < 30; i++)
		assert_int_equal(round_at(w, 10), 6);
	assert_int_equal(round_at(w, 10), 4);
	assert_false(is_running(w, "web@1.service"));
	assert_false(is_running(w, "web@2.service"));
	assert_true(is_running(w, "web@6.service"));
	assert_string_equal(problem(w), "");
}

static void one_that_recovers_stays_and_the_surplus_goes(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	w->n_sick = 1;
	assert_int_equal(round_at(w, 1), 5);
	w->n_sick = 0;
	/* Not at once: a check that flaps launches and drains nothing. */
	for (int i = 0; i < 6; i++)
		assert_int_equal(round_at(w, 10), 5);
	assert_int_equal(round_at(w, 10), 4);
	assert_int_equal(n_events(w, "unit-serves"), 1);
	assert_string_equal(problem(w), "");
}

static void a_check_that_flaps_is_one_sickness(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	for (int i = 0; i < 20; i++) {
		w->n_sick = i % 2 == 0;
		assert_int_equal(round_at(w, 10), 5);
	}
	assert_int_equal(n_events(w, "unit-sick"), 1);
}

static void one_that_is_down_for_a_minute_is_made_up_for(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	w->n_sick = 1;
	w->active = "activating";
	for (int i = 0; i < 6; i++)
		assert_int_equal(round_at(w, 10), 4);
	assert_int_equal(round_at(w, 20), 5);
	assert_true(strstr(problem(w), "is down: "));
}

static void one_that_never_served_is_starting(void **state)
{
	struct ward *w = *state;

	w->n_sick = 4;
	w->active = "activating";
	stand(w, STACK("9", ""), 4);
	for (int i = 0; i < 30; i++)
		assert_int_equal(round_at(w, 60), 4);
	assert_string_equal(problem(w), "");
}

static void one_that_does_not_come_to_serve_is_made_up_for_in_the_end(void **state)
{
	struct ward *w = *state;

	w->n_sick = 1;
	w->never_passed = true;
	stand(w, STACK("9", ""), 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(round_at(w, 60), 4);
	assert_int_equal(round_at(w, 60), 5);
	assert_true(strstr(problem(w), "has not come to serve: check of web"));
	for (int i = 0; i < 4; i++)
		assert_int_equal(round_at(w, 60), 5);
	assert_int_equal(round_at(w, 60), 4);
	assert_false(is_running(w, "web@1.service"));
}

static void a_wrong_clock_takes_no_time_from_one_that_comes(void **state)
{
	struct ward *w = *state;

	w->n_sick = 1;
	w->never_passed = true;
	w->ahead_ms = -3600 * 1000; /* the hosts' is behind */
	stand(w, STACK("9", ""), 4);
	assert_int_equal(round_at(w, 60), 4);
	assert_int_equal(round_at(w, 60), 4);
	w->s->now_ms += 3600 * 1000; /* the controller's is set */
	assert_int_equal(round_at(w, 10), 4);
	w->s->now_ms -= 7200 * 1000;
	assert_int_equal(round_at(w, 10), 4);
	/* And it does not keep it from being told, either. */
	for (int i = 0; i < 5; i++)
		round_at(w, 60);
	assert_true(strstr(problem(w), "has not come to serve"));
}

static void at_the_maximum_it_is_given_time(void **state)
{
	struct ward *w = *state;

	w->n_sick = 1;
	w->never_passed = true;
	stand(w, STACK("4", ""), 4);
	for (int i = 0; i < 60; i++)
		assert_int_equal(round_at(w, 60), 4);
	assert_true(is_running(w, "web@1.service"));
}

/* ---------------------------------------------------------------- doubts */

static void one_that_serves_again_is_not_ended_for_having_been_sick(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("4", ""), 4);
	w->n_sick = 1;
	for (int i = 0; i < 30; i++)
		round_at(w, 10);
	w->n_sick = 0;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(round_at(w, 10), 4);
		assert_true(is_running(w, "web@1.service"));
	}
}

static void nor_while_others_carry_the_tier(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	w->n_sick = 1;
	for (int i = 0; i < 30; i++)
		round_at(w, 10);
	w->n_sick = 0;
	for (int i = 0; i < 6; i++)
		assert_int_equal(round_at(w, 10), 5);
	assert_true(is_running(w, "web@1.service"));
}

static void what_is_not_trusted_ends_none(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("4", ""), 4);
	w->n_sick = 1;
	round_at(w, 10);
	w->is_doubtful = true;
	for (int i = 0; i < 60; i++)
		round_at(w, 10);
	scene_apply(w->s, STACK("3", ""), TEXT);
	round_at(w, 10);
	assert_true(is_running(w, "web@1.service"));
	w->is_doubtful = false;
	round_at(w, 10);
	assert_false(is_running(w, "web@1.service"));
}

static void what_is_not_trusted_makes_none_sick(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	w->n_sick = 1;
	w->active = "activating";
	for (int i = 0; i < 3; i++)
		round_at(w, 10);
	w->is_doubtful = true;
	for (int i = 0; i < 60; i++)
		assert_int_equal(round_at(w, 10), 4);
	w->is_doubtful = false;
	/* Its minute begins anew. */
	for (int i = 0; i < 6; i++)
		assert_int_equal(round_at(w, 10), 4);
	assert_int_equal(round_at(w, 10), 5);
}

static void one_of_a_silent_host_stays(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("4", ""), 4);
	w->n_sick = 1;
	round_at(w, 10);
	w->is_silent = true;
	for (int i = 0; i < 60; i++)
		round_at(w, 10);
	assert_true(is_running(w, "web@1.service"));
	w->is_silent = false;
	round_at(w, 10);
	assert_false(is_running(w, "web@1.service"));
}

static void one_that_never_served_keeps_no_other_from_being_replaced(void **state)
{
	struct ward *w = *state;

	w->n_sick = 1;
	w->never_passed = true;
	stand(w, STACK("4", ""), 4);
	for (int i = 0; i < 6; i++)
		round_at(w, 60);
	assert_true(strstr(problem(w), "has not come to serve"));
	w->n_sick = 2;
	for (int i = 0; i < 6; i++)
		round_at(w, 60);
	assert_true(is_running(w, "web@1.service"));
	assert_false(is_running(w, "web@2.service"));
}

#define FIVE_HOSTS                                                                    \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 5\n[tier web]\nunit = " \
	"web@.service\npool = p\nmax = 9\nmin = 1\n"

static void nobody_goes_first_while_a_host_comes_or_goes(void **state)
{
	static const enum db_host_state states[] = { DB_HOST_BOOTING, DB_HOST_DRAINING };
	struct ward *w = *state;

	stand(w, FIVE_HOSTS, 4);
	w->n_sick = 1;
	w->no_room = true;
	for (size_t k = 0; k < ARRAY_SIZE(states); k++) {
		scene_host(w->s, "h5", "p", states[k]);
		for (int i = 0; i < 60; i++)
			assert_int_equal(round_at(w, 10), 5);
		assert_true(is_running(w, "web@1.service"));
	}
	/* One that is being ended may be for long. */
	scene_host(w->s, "h5", "p", DB_HOST_TERMINATING);
	round_at(w, 10);
	assert_false(is_running(w, "web@1.service"));
}

/* ---------------------------------------------------------------- flapping */

static void each_time_it_must_serve_for_longer(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	for (int i = 0; i < 58; i++) {
		w->n_sick = i / 10 % 2 == 0;
		round_at(w, 10);
	}
	assert_int_equal(n_events(w, "unit-serves"), 1);
	assert_int_equal(n_events(w, "unit-sick"), 2);
}

static void an_hour_of_health_forgets_that(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("4", ""), 4);
	for (size_t k = 1; k < 4; k++) {
		w->n_sick = 1;
		round_at(w, 10);
		w->n_sick = 0;
		for (int i = 0; i < 7; i++)
			round_at(w, 10);
		assert_int_equal(n_events(w, "unit-serves"), k);
		round_at(w, 3600);
	}
}

/* ---------------------------------------------------------------- bounded */

static void a_minimum_beats_a_schedules_maximum(void **state)
{
	struct ward *w = *state;

	stand(w,
	      STACK("9", "schedule = low: daily 00:00-24:00 max=2\n"
			 "schedule = day: daily 00:00-24:00 min=4\n"),
	      4);
	w->n_sick = 1;
	assert_int_equal(round_at(w, 1), 4);
	assert_true(is_running(w, "web@1.service"));
}

static void what_leaves_a_host_is_not_one_too_many(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("4", ""), 4);
	scene_host(w->s, "h4", "p", DB_HOST_DRAINING);
	w->n_sick = 1;
	assert_int_equal(round_at(w, 1), 5);
	assert_int_equal(round_at(w, 1), 5);
	assert_true(is_running(w, "web@1.service"));
}

static void more_are_wanted_than_a_lower_maximum_and_none_starts(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("6", ""), 6);
	w->n_sick = 2;
	assert_int_equal(round_at(w, 1), 6);
	scene_apply(w->s, STACK("4", ""), TEXT);
	w->most = 4;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(round_at(w, 1), 4);
		/* Between decisions as well. */
		w->most = w->most ? 0 : 4;
	}
	assert_true(is_running(w, "web@3.service"));
}

static void what_is_made_up_for_starts_a_step_at_a_time(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", "step_out = 1\n"), 4);
	w->n_sick = 2;
	assert_int_equal(round_at(w, 1), 5);
	/* It serves: the next step. */
	assert_int_equal(round_at(w, 1), 6);
}

static void a_bad_text_is_not_made_up_for_with_itself(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("20", ""), 8);
	for (int i = 0; i < 6; i++)
		round_at(w, 10);
	scene_apply(w->s, STACK("20", ""), NEW_TEXT);
	w->is_bad_text = true;
	for (int i = 0; i < 150; i++)
		assert_in_range(round_at(w, 10), 8, 10);
	assert_true(n_events(w, "unit-sick") >= 2);
}

static void never_more_than_the_maximum(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("5", ""), 4);
	w->n_sick = 2;
	for (int i = 0; i < 29; i++)
		assert_int_equal(round_at(w, 10), 5);
}

static void at_the_maximum_one_goes_first_and_is_replaced(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("4", ""), 4);
	w->n_sick = 1;
	for (int i = 0; i < 30; i++)
		assert_int_equal(round_at(w, 10), 4);
	assert_true(is_running(w, "web@1.service"));
	assert_int_equal(round_at(w, 10), 4);
	assert_false(is_running(w, "web@1.service"));
	assert_true(is_running(w, "web@5.service"));
}

static void a_lower_maximum_is_obeyed_at_once(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	w->n_sick = 2;
	assert_int_equal(round_at(w, 1), 6);
	scene_apply(w->s, STACK("4", ""), TEXT);
	assert_int_equal(round_at(w, 1), 4);
	assert_false(is_running(w, "web@1.service"));
	assert_false(is_running(w, "web@2.service"));
}

static void a_schedules_maximum_holds_too(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", "schedule = low: daily 00:00-24:00 max=4\n"), 4);
	w->n_sick = 1;
	assert_int_equal(round_at(w, 1), 4);
}

static void when_all_fail_together_one_is_tried_and_none_replaced(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	w->n_sick = 9;
	for (int i = 0; i < 200; i++)
		assert_int_equal(round_at(w, 60), 5);
	assert_true(strstr(problem(w), "common cause"));
	for (int i = 1; i <= 4; i++) {
		char name[32];

		snprintf(name, sizeof(name), "web@%d.service", i);
		assert_true(is_running(w, name));
	}
}

static void when_the_one_that_is_tried_serves_the_others_follow(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	w->n_sick = 4;
	assert_int_equal(round_at(w, 1), 5);
	assert_int_equal(round_at(w, 10), 6);
	for (int i = 0; i < 600 && is_running(w, "web@4.service"); i++)
		round_at(w, 60);
	assert_int_equal(round_at(w, 60), 4);
	for (int i = 1; i <= 4; i++) {
		char name[32];

		snprintf(name, sizeof(name), "web@%d.service", i);
		assert_false(is_running(w, name));
	}
}

static void what_is_stateful_or_held_is_left_to_a_person(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", "stateful = yes\n"), 4);
	w->n_sick = 1;
	for (int i = 0; i < 60; i++)
		assert_int_equal(round_at(w, 60), 4);
	assert_true(is_running(w, "web@1.service"));
	assert_true(strstr(problem(w), "1 of 4 instances of shop/web do not serve"));
}

/* ---------------------------------------------------------------- other changes */

static void fewer_that_are_wanted_do_not_take_a_sick_one_before_others_serve(void **state)
{
	struct ward *w = *state;

	stand(w, STACK("9", ""), 4);
	w->n_sick = 2;
	assert_int_equal(round_at(w, 1), 6);
	scene_load(w->s);
	scene_desire(w->s, "web", 3);
	/* One that starts is not needed any more. */
	go_round(w);
	assert_true(is_running(w, "web@1.service"));
	assert_true(is_running(w, "web@2.service"));
}

static void a_roll_out_waits_for_one_that_came_to_serve_no_more(void **state)
{
	struct ward *w = *state;
	char text[400];
	size_t n_new = 0;

	stand(w, STACK("9", ""), 4);
	scene_apply(w->s, STACK("9", ""), NEW_TEXT);
	/* web@1 gets the new text, serves, and then does not. */
	for (int i = 0; i < 40; i++) {
		const struct fleet_unit *one = scene_unit(w->s, "web@1.service");

		w->n_sick = one && i > 0 &&
			    strcmp(one->u.hash, w->s->f->tiers[0].cat->unit->hash) == 0;
		round_at(w, 1);
		if (w->n_sick)
			break;
	}
	assert_int_equal(w->n_sick, 1);
	round_at(w, 1);
	for (int i = 0; i < 4; i++) {
		char name[32];

		snprintf(name, sizeof(name), "web@%d.service", i + 1);
		n_new += strcmp(scene_unit(w->s, name)->u.hash,
				w->s->f->tiers[0].cat->unit->hash) == 0;
	}
	assert_int_equal(n_new, 1);
	assert_true(failing_roll_out(w->s->f, text, sizeof(text)));
	assert_true(strstr(text, "fails its check"));
}

#define WARD_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WARD_TEST(two_of_four_that_fail_their_check_are_made_up_for_at_once),
		WARD_TEST(once_others_serve_for_five_minutes_they_are_replaced),
		WARD_TEST(one_that_recovers_stays_and_the_surplus_goes),
		WARD_TEST(a_check_that_flaps_is_one_sickness),
		WARD_TEST(one_that_is_down_for_a_minute_is_made_up_for),
		WARD_TEST(one_that_never_served_is_starting),
		WARD_TEST(one_that_does_not_come_to_serve_is_made_up_for_in_the_end),
		WARD_TEST(a_wrong_clock_takes_no_time_from_one_that_comes),
		WARD_TEST(at_the_maximum_it_is_given_time),
		WARD_TEST(one_that_serves_again_is_not_ended_for_having_been_sick),
		WARD_TEST(nor_while_others_carry_the_tier),
		WARD_TEST(what_is_not_trusted_ends_none),
		WARD_TEST(what_is_not_trusted_makes_none_sick),
		WARD_TEST(one_of_a_silent_host_stays),
		WARD_TEST(one_that_never_served_keeps_no_other_from_being_replaced),
		WARD_TEST(nobody_goes_first_while_a_host_comes_or_goes),
		WARD_TEST(each_time_it_must_serve_for_longer),
		WARD_TEST(an_hour_of_health_forgets_that),
		WARD_TEST(a_minimum_beats_a_schedules_maximum),
		WARD_TEST(what_leaves_a_host_is_not_one_too_many),
		WARD_TEST(more_are_wanted_than_a_lower_maximum_and_none_starts),
		WARD_TEST(what_is_made_up_for_starts_a_step_at_a_time),
		WARD_TEST(a_bad_text_is_not_made_up_for_with_itself),
		WARD_TEST(never_more_than_the_maximum),
		WARD_TEST(at_the_maximum_one_goes_first_and_is_replaced),
		WARD_TEST(a_lower_maximum_is_obeyed_at_once),
		WARD_TEST(a_schedules_maximum_holds_too),
		WARD_TEST(when_all_fail_together_one_is_tried_and_none_replaced),
		WARD_TEST(when_the_one_that_is_tried_serves_the_others_follow),
		WARD_TEST(what_is_stateful_or_held_is_left_to_a_person),
		WARD_TEST(
			fewer_that_are_wanted_do_not_take_a_sick_one_before_others_serve),
		WARD_TEST(a_roll_out_waits_for_one_that_came_to_serve_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
