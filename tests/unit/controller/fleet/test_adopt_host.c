/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_adopt_host.c - a host that was found serving keeps the units that it runs.
 */
#include "fleet_fixture.h"

#include "adopt_host.h"
#include "observer.h"
#include "place_input.h"

#define WEB                                                                           \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"web@.service\npool = p\nmax = 9\nmin = 1\n"
#define TEXT "[Service]\nExecStart=/bin/true\n"

struct watch {
	struct scene *s;
	struct observer *o;
	struct events events;
	struct view_snapshot view;
};

static int setup(void **state)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	scene_setup((void **)&w->s);
	scene_apply(w->s, WEB, TEXT);
	scene_load(w->s);
	scene_desire(w->s, "web", 1);
	w->events = (struct events){ .db = w->s->db->db };
	w->view = (struct view_snapshot){ .has_copy = true, .is_synced = true };
	w->o = observer_new(
		&(struct observer_opts){ .grace_ms = 100, .lost_after_ms = 300 });
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct watch *w = *state;

	observer_free(w->o);
	view_snapshot_done(&w->view);
	scene_teardown((void **)&w->s);
	free(w);
	return 0;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct view_kv *)a)->key, ((const struct view_kv *)b)->key);
}

static void show(struct watch *w, const char *what, const char *id, const char *value)
{
	struct view_snapshot *v = &w->view;

	v->kvs = xrealloc(v->kvs, (v->n + 1) * sizeof(*v->kvs));
	v->kvs[v->n++] = (struct view_kv){ xasprintf("/foretide/%s/%s", what, id),
					   xstrdup(value), strlen(value) };
	qsort(v->kvs, v->n, sizeof(*v->kvs), by_key);
}

/* What its agent tells it runs. */
static void show_unit(struct watch *w, const char *id, const char *unit,
		      const char *active)
{
	CLEANUP(states_free) struct states *states = states_new(3);
	CLEANUP(free) char *text = NULL;
	const struct unit_state u = {
		.name = (char *)(uintptr_t)unit,
		.hash = (char *)(uintptr_t) "old",
		.load = (char *)(uintptr_t) "loaded",
		.active = (char *)(uintptr_t)active,
		.sub = (char *)(uintptr_t) "running",
		.health = HEALTH_PASSING,
	};

	assert_ok(states_add(states, &u, w->s->e), w->s->e);
	text = states_format(states);
	show(w, "states", id, text);
}

static void forget_states(struct watch *w)
{
	for (size_t i = 0; i < w->view.n; i++)
		if (strstr(w->view.kvs[i].key, "/states/"))
			memcpy(strstr(w->view.kvs[i].key, "/states/"), "/s", 3);
	qsort(w->view.kvs, w->view.n, sizeof(*w->view.kvs), by_key);
}

static void put_adopted(struct watch *w, const char *id)
{
	const struct db_host h = {
		.id = (char *)(uintptr_t)id,
		.pool = (char *)(uintptr_t) "p",
		.state = DB_HOST_UP,
		.requested_ms = NOW_MS,
		.joined_ms = NOW_MS,
		.adopted_ms = NOW_MS,
	};

	assert_ok(db_host_put(w->s->db->db, &h, w->s->e), w->s->e);
	show(w, "hosts", id, "{\"metadata\": {}}");
}

static void put_unit(struct watch *w, const char *name, const char *host)
{
	const struct db_unit u = {
		.name = (char *)(uintptr_t)name,
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t) "web",
		.host = (char *)(uintptr_t)host,
		.hash = (char *)(uintptr_t) "old",
		.goal = DB_GOAL_RUN,
		.wanted_ms = NOW_MS - 45000,
		.placed_ms = NOW_MS - 20000,
	};

	assert_ok(db_unit_put(w->s->db->db, &u, w->s->e), w->s->e);
}

static void look(struct watch *w)
{
	struct observed seen;

	scene_load(w->s);
	assert_ok(observe(w->o, w->s->f, &w->view, &w->events, &seen, w->s->e), w->s->e);
	assert_ok(observe_leads(w->o, w->s->f, &w->events, w->s->e), w->s->e);
}

static bool is_open(struct watch *w, const char *id)
{
	CLEANUP(db_host_done) struct db_host h = { 0 };

	assert_ok(db_host_get(w->s->db->db, id, &h, w->s->e), w->s->e);
	return adopt_is_open(&h);
}

static void assert_on(struct watch *w, const char *unit, const char *host)
{
	CLEANUP(db_unit_done) struct db_unit u = { 0 };

	assert_ok(db_unit_get(w->s->db->db, unit, &u, w->s->e), w->s->e);
	assert_string_equal(u.host, host);
	assert_int_equal(u.goal, DB_GOAL_RUN);
}

static int64_t desired(struct watch *w)
{
	CLEANUP(db_tier_done) struct db_tier t = { 0 };

	assert_ok(db_tier_get(w->s->db->db, "shop", "web", &t, w->s->e), w->s->e);
	return t.desired;
}

/* ---------------------------------------------------------------- */

static void its_units_are_in_the_database_and_are_wanted(void **state)
{
	struct watch *w = *state;
	CLEANUP(db_lead_list_done) struct db_lead_list leads = { 0 };

	look(w);
	scene_host(w->s, "a", "p", DB_HOST_UP);
	show(w, "hosts", "a", "{\"metadata\": {}}");
	show_unit(w, "a", "web@1.service", "active");
	put_unit(w, "web@1.service", "a");
	put_adopted(w, "b");
	show_unit(w, "b", "web@2.service", "active");
	put_adopted(w, "c");
	show_unit(w, "c", "web@7.service", "active");
	look(w);
	assert_on(w, "web@2.service", "b");
	assert_on(w, "web@7.service", "c");
	assert_false(is_open(w, "b"));
	assert_int_equal(desired(w), 3);
	/* They run on: the next plan ends none. */
	unit_plan(w->s->f);
	assert_int_equal(fleet_tier(w->s->f, "shop", "web")->draining, 0);
	/* How long they took to come is not known. */
	assert_ok(db_lead_list(w->s->db->db, &(struct db_lead_filter){ .limit = 9 },
			       &leads, w->s->e),
		  w->s->e);
	assert_int_equal(leads.n, 0);
}

static void a_tier_that_would_be_above_its_maximum_is_on_hold(void **state)
{
	struct watch *w = *state;
	CLEANUP(db_hold_list_done) struct db_hold_list holds = { 0 };

	scene_apply(w->s,
		    "[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier "
		    "web]\nunit = web@.service\npool = p\nmax = 1\nmin = 1\n",
		    TEXT);
	put_adopted(w, "b");
	show_unit(w, "b", "web@2.service", "active");
	put_adopted(w, "c");
	show_unit(w, "c", "web@3.service", "active");
	look(w);
	assert_int_equal(desired(w), 2);
	assert_ok(db_hold_list(w->s->db->db, "shop", NOW_MS, &holds, w->s->e), w->s->e);
	assert_int_equal(holds.n, 1);
	assert_string_equal(holds.v[0].tier, "web");
	assert_non_null(strstr(holds.v[0].reason, "more than the maximum of 1"));
	/* In this round as well. */
	assert_int_equal(w->s->f->holds.n, 1);
}

static void a_unit_whose_record_is_of_a_host_that_is_no_more_moves(void **state)
{
	struct watch *w = *state;

	scene_host(w->s, "a", "p", DB_HOST_UP);
	put_unit(w, "web@1.service", "a");
	put_adopted(w, "b");
	show_unit(w, "b", "web@1.service", "active");
	look(w);
	assert_on(w, "web@1.service", "b");
	assert_int_equal(desired(w), 1);
}

static void a_unit_that_another_host_runs_stays_there(void **state)
{
	struct watch *w = *state;

	scene_host(w->s, "a", "p", DB_HOST_UP);
	show(w, "hosts", "a", "{\"metadata\": {}}");
	show_unit(w, "a", "web@1.service", "active");
	put_unit(w, "web@1.service", "a");
	put_adopted(w, "b");
	show_unit(w, "b", "web@1.service", "active");
	look(w);
	assert_on(w, "web@1.service", "a");
	assert_false(is_open(w, "b"));
}

static void it_waits_until_its_agent_has_told_its_units(void **state)
{
	struct watch *w = *state;

	put_adopted(w, "b");
	look(w);
	assert_true(is_open(w, "b"));
	show_unit(w, "b", "web@2.service", "active");
	look(w);
	assert_false(is_open(w, "b"));
	assert_on(w, "web@2.service", "b");
}

static void one_that_tells_none_has_none_in_the_end(void **state)
{
	struct watch *w = *state;

	put_adopted(w, "b");
	w->s->now_ms += 601000;
	look(w);
	assert_false(is_open(w, "b"));
}

static void it_is_left_alone_while_a_unit_of_it_is_of_no_stack(void **state)
{
	struct watch *w = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	put_adopted(w, "b");
	show_unit(w, "b", "cache@1.service", "active");
	look(w);
	assert_true(is_open(w, "b"));
	assert_ok(db_host_get(w->s->db->db, "b", &h, w->s->e), w->s->e);
	assert_non_null(strstr(h.message, "cache@1.service"));
	assert_int_equal(h.state, DB_HOST_UP);
}

static void what_has_ended_is_not_taken_over(void **state)
{
	struct watch *w = *state;
	CLEANUP(db_unit_done) struct db_unit u = { 0 };

	put_adopted(w, "b");
	show_unit(w, "b", "web@2.service", "failed");
	look(w);
	assert_false(is_open(w, "b"));
	assert_int_equal(db_unit_get(w->s->db->db, "web@2.service", &u, w->s->e),
			 ERR_NOT_FOUND);
}

static void set_state(struct watch *w, const char *id, enum db_host_state state)
{
	assert_ok(db_host_set_state(w->s->db->db, id, state, "", NOW_MS, w->s->e),
		  w->s->e);
}

static enum place_host_state place_state(struct watch *w, const char *id)
{
	CLEANUP(place_building_done) struct place_building b = { 0 };

	place_build(w->s->f, &b);
	for (size_t i = 0; i < w->s->f->n_hosts; i++)
		if (strcmp(b.hosts[i].id, id) == 0)
			return b.hosts[i].state;
	fail();
	return PLACE_UP;
}

static void nothing_waits_for_its_room(void **state)
{
	struct watch *w = *state;

	put_adopted(w, "b");
	show_unit(w, "b", "cache@1.service", "active");
	look(w);
	assert_int_equal(place_state(w, "b"), PLACE_SILENT);
}

static void one_that_waits_and_falls_silent_is_kept(void **state)
{
	struct watch *w = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	put_adopted(w, "b");
	view_snapshot_done(&w->view);
	w->view.has_copy = w->view.is_synced = true;
	w->o->opts.grace_ms = 0;
	w->o->opts.lost_after_ms = 0;
	look(w);
	look(w);
	assert_ok(db_host_get(w->s->db->db, "b", &h, w->s->e), w->s->e);
	assert_true(h.unknown_ms > 0);
	assert_int_equal(h.state, DB_HOST_UP);
}

static void one_that_drains_takes_over_what_is_known_and_ends_the_rest(void **state)
{
	struct watch *w = *state;

	put_adopted(w, "b");
	set_state(w, "b", DB_HOST_DRAINING);
	look(w);
	/* What it runs is not known yet. */
	assert_true(adopt_is_busy(fleet_host(w->s->f, "b")));
	show_unit(w, "b", "cache@1.service", "active");
	look(w);
	assert_false(is_open(w, "b"));
	assert_int_equal(w->s->f->n_units, 0);
	/* It has a schedule, and is not ended before that unit has. */
	assert_true(adopt_is_busy(fleet_host(w->s->f, "b")));
	assert_int_equal(fleet_host(w->s->f, "b")->h.state, DB_HOST_DRAINING);
	forget_states(w);
	look(w);
	assert_false(adopt_is_busy(fleet_host(w->s->f, "b")));
}

static void a_restored_record_of_a_launch_may_be_of_a_host_that_serves(void **state)
{
	struct watch *w = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	scene_host(w->s, "b", "p", DB_HOST_BOOTING);
	scene_host(w->s, "c", "p", DB_HOST_UP);
	assert_ok(db_hosts_adopt(w->s->db->db, NOW_MS, w->s->e), w->s->e);
	assert_true(is_open(w, "b"));
	assert_true(is_open(w, "c"));
	show(w, "hosts", "b", "{\"metadata\": {}}");
	show_unit(w, "b", "web@2.service", "active");
	look(w);
	assert_on(w, "web@2.service", "b");
	assert_ok(db_host_get(w->s->db->db, "b", &h, w->s->e), w->s->e);
	assert_int_equal(h.state, DB_HOST_UP);
	assert_true(h.ready_ms > 0);
}

static void one_that_left_its_name_to_its_successor_is_not_doubled(void **state)
{
	struct watch *w = *state;

	put_adopted(w, "b");
	put_unit(w, "web@1.service:b", "b");
	show_unit(w, "b", "web@1.service", "active");
	look(w);
	assert_on(w, "web@1.service:b", "b");
	assert_int_equal(w->s->f->n_units, 1);
}

/* ---------------------------------------------------------------- texts */

static void plan(struct watch *w)
{
	look(w);
	unit_plan(w->s->f);
	scene_save(w->s);
}

static const struct db_roll_out *roll(struct watch *w)
{
	scene_load(w->s);
	return &fleet_tier(w->s->f, "shop", "web")->roll;
}

/* It was rolled out since the backup that was restored. */
static void a_text_that_no_version_has_stays_until_the_stack_is_applied(void **state)
{
	struct watch *w = *state;

	put_adopted(w, "b");
	show_unit(w, "b", "web@2.service", "active");
	for (int i = 0; i < 3; i++)
		plan(w);
	assert_string_equal(scene_unit(w->s, "web@2.service")->u.hash, "old");
	assert_int_equal(roll(w)->state, DB_ROLL_OUT_STOPPED);
	assert_string_equal(roll(w)->good, "");
	assert_string_equal(roll(w)->unit, "web@2.service");
	/* A person applies the text that is right, here the same. */
	assert_ok(db_roll_outs_restart(w->s->db->db, "shop", w->s->e), w->s->e);
	assert_int_equal(roll(w)->state, DB_ROLL_OUT_RUNNING);
	scene_unit(w->s, "web@2.service")->healthy = true;
	unit_plan(w->s->f);
	assert_string_not_equal(scene_unit(w->s, "web@2.service")->u.hash, "old");
}

/* As one that a roll-out has not come to yet. */
static void a_text_of_an_earlier_version_is_replaced(void **state)
{
	struct watch *w = *state;
	const struct db_roll_out r = {
		.stack = (char *)(uintptr_t) "shop",
		.tier = (char *)(uintptr_t) "web",
		.hash = (char *)(uintptr_t)fleet_tier(w->s->f, "shop", "web")
				->cat->unit->hash,
		.good = (char *)(uintptr_t) "old",
		.state = DB_ROLL_OUT_RUNNING,
		.unit = (char *)(uintptr_t) "",
		.host = (char *)(uintptr_t) "",
		.why = (char *)(uintptr_t) "",
	};
	const int64_t version = 1;

	assert_ok(db_roll_outs_put(w->s->db->db, &r, &version, 1, w->s->e), w->s->e);
	put_adopted(w, "b");
	show_unit(w, "b", "web@2.service", "active");
	plan(w);
	assert_int_equal(roll(w)->state, DB_ROLL_OUT_RUNNING);
	assert_string_not_equal(scene_unit(w->s, "web@2.service")->u.hash, "old");
}

#define WATCH_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(its_units_are_in_the_database_and_are_wanted),
		WATCH_TEST(a_tier_that_would_be_above_its_maximum_is_on_hold),
		WATCH_TEST(a_unit_whose_record_is_of_a_host_that_is_no_more_moves),
		WATCH_TEST(a_unit_that_another_host_runs_stays_there),
		WATCH_TEST(it_waits_until_its_agent_has_told_its_units),
		WATCH_TEST(one_that_tells_none_has_none_in_the_end),
		WATCH_TEST(it_is_left_alone_while_a_unit_of_it_is_of_no_stack),
		WATCH_TEST(what_has_ended_is_not_taken_over),
		WATCH_TEST(nothing_waits_for_its_room),
		WATCH_TEST(one_that_waits_and_falls_silent_is_kept),
		WATCH_TEST(one_that_drains_takes_over_what_is_known_and_ends_the_rest),
		WATCH_TEST(a_restored_record_of_a_launch_may_be_of_a_host_that_serves),
		WATCH_TEST(one_that_left_its_name_to_its_successor_is_not_doubled),
		WATCH_TEST(a_text_that_no_version_has_stays_until_the_stack_is_applied),
		WATCH_TEST(a_text_of_an_earlier_version_is_replaced),
	};

	return cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
}
