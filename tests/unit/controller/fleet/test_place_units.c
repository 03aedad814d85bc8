/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fleet_fixture.h"

#include "place_room.h"
#include "place_units.h"
#include "plan_units.h"

#define STACK(more)                                                         \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 3\ncpu = 2\n" \
	"memory = 2G\n" more
#define WEB "[tier web]\nunit = web@.service\npool = p\nmax = 9\nmin = 1\n"
#define LB "[tier lb]\nunit = lb.service\npool = p\n"
#define TEXT "[Service]\nExecStart=/bin/true\n"
#define ONE_CORE TEXT "[X-Resources]\nCPU=1\n" /* a host has four */
#define WHOLE TEXT "[X-Resources]\nCPU=4\n"
#define BIG TEXT "[X-Resources]\nCPU=2\n"

struct room {
	struct scene *s;
	struct place_moves *moves;
	struct place_result placed;
};

static int setup(void **state)
{
	struct room *r = xcalloc(1, sizeof(*r));

	scene_setup((void **)&r->s);
	r->moves = place_moves_new();
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct room *r = *state;

	place_moves_free(r->moves);
	place_result_done(&r->placed);
	scene_teardown((void **)&r->s);
	free(r);
	return 0;
}

/* One round: everything that is placed is healthy; n instances of web. */
static void round_of(struct room *r, int64_t n)
{
	scene_load(r->s);
	if (n >= 0) {
		scene_desire(r->s, "web", n);
		scene_load(r->s);
	}
	for (size_t i = 0; i < r->s->f->n_hosts; i++)
		r->s->f->hosts[i].alive = r->s->f->hosts[i].h.state >= DB_HOST_UP;
	for (size_t i = 0; i < r->s->f->n_units; i++)
		r->s->f->units[i].healthy = r->s->f->units[i].host != NULL;
	place_result_done(&r->placed);
	place_mark_moves(r->moves, r->s->f);
	unit_plan(r->s->f);
	place_units(r->s->f, r->moves, 1, &r->placed);
	scene_save(r->s);
}

static size_t n_on(struct room *r, const char *host)
{
	size_t n = 0;

	for (size_t i = 0; i < r->s->f->n_units; i++)
		n += strcmp(r->s->f->units[i].u.host, host) == 0 &&
		     r->s->f->units[i].u.goal == DB_GOAL_RUN;
	return n;
}

/* By which its cores are shared, without a look at every unit for each. */
static void a_host_knows_what_its_units_ask_for(void **state)
{
	struct room *r = *state;
	struct fleet *f;

	scene_apply(r->s, STACK(WEB LB), ONE_CORE);
	scene_host(r->s, "p-1", "p", DB_HOST_UP);
	round_of(r, 2);
	scene_load(r->s);
	f = r->s->f;
	assert_int_equal(f->n_units, 3);
	for (size_t i = 0; i < 3; i++)
		fleet_unit_set(&f->units[i], &f->units[i].u.host, "p-1");
	f->units[2].u.goal = DB_GOAL_DRAIN;
	fleet_index(f);
	fleet_index(f);
	assert_int_equal(f->hosts[0].n_units, 3);
	assert_int_equal(f->hosts[0].n_wanted, 2);
	assert_close(f->hosts[0].cpu_wanted, 2, 1e-12);
}

static void instances_are_spread_over_hosts_that_are_up(void **state)
{
	struct room *r = *state;

	scene_apply(r->s, STACK(WEB), TEXT);
	scene_host(r->s, "a", "p", DB_HOST_UP);
	scene_host(r->s, "b", "p", DB_HOST_UP);
	scene_host(r->s, "c", "p", DB_HOST_BOOTING);
	round_of(r, 4);
	assert_int_equal(n_on(r, "a"), 2);
	assert_int_equal(n_on(r, "b"), 2);
	assert_int_equal(n_on(r, "c"), 0);
	assert_int_equal(scene_unit(r->s, "web@1.service")->u.placed_ms, NOW_MS);
	assert_int_equal(r->placed.waiting, 0);
}

static void what_finds_no_room_asks_for_hosts_up_to_the_maximum(void **state)
{
	struct room *r = *state;

	scene_apply(r->s, STACK(WEB), BIG);
	round_of(r, 2);
	assert_int_equal(r->placed.want[0], 2);
	assert_int_equal(r->placed.waiting, 2);
	assert_non_null(strstr(scene_unit(r->s, "web@1.service")->u.message, "new host"));
	round_of(r, 5);
	assert_int_equal(r->placed.want[0], 3);
	assert_non_null(
		strstr(scene_unit(r->s, "web@5.service")->u.message, "maximum of 3"));
}

static void a_host_that_boots_is_room_to_come(void **state)
{
	struct room *r = *state;

	scene_apply(r->s, STACK(WEB), TEXT);
	scene_host(r->s, "a", "p", DB_HOST_BOOTING);
	round_of(r, 1);
	assert_int_equal(r->placed.want[0], 1);
	assert_non_null(
		strstr(scene_unit(r->s, "web@1.service")->u.message, "host a to join"));
}

static void a_silent_host_keeps_its_units_and_gets_none(void **state)
{
	struct room *r = *state;

	scene_apply(r->s, STACK(WEB), TEXT);
	scene_host(r->s, "a", "p", DB_HOST_UP);
	round_of(r, 1);
	scene_load(r->s);
	scene_desire(r->s, "web", 2);
	scene_load(r->s);
	place_result_done(&r->placed);
	unit_plan(r->s->f);
	place_units(r->s->f, r->moves, 1, &r->placed);
	assert_int_equal(n_on(r, "a"), 1);
	assert_int_equal(r->placed.waiting, 1);
}

static void hosts_that_hold_nothing_can_leave(void **state)
{
	struct room *r = *state;

	scene_apply(r->s, STACK(WEB), TEXT);
	scene_host(r->s, "a", "p", DB_HOST_UP);
	scene_host(r->s, "b", "p", DB_HOST_UP);
	round_of(r, 1);
	assert_int_equal(r->placed.n_leave, 1);
	assert_int_equal(fleet_host(r->s->f, r->placed.leave[0])->n_units, 0);
}

static void a_move_for_balance_starts_another_first(void **state)
{
	struct room *r = *state;

	scene_apply(r->s, STACK(WEB), ONE_CORE);
	scene_host(r->s, "a", "p", DB_HOST_UP);
	round_of(r, 4);
	assert_int_equal(n_on(r, "a"), 4);
	scene_host(r->s, "b", "p", DB_HOST_UP);
	round_of(r, 5);
	assert_int_equal(n_on(r, "b"), 1);
	/* One of a's is marked; a round later another runs on b, and no sooner does the
	 * first drain. */
	for (int i = 0; i < 4; i++) {
		round_of(r, 5);
		assert_true(n_on(r, "a") + n_on(r, "b") >= 5);
	}
	assert_true(n_on(r, "b") >= 2);
}

static void what_exists_once_is_not_moved_for_balance(void **state)
{
	struct room *r = *state;

	scene_apply(r->s, STACK(LB WEB), TEXT);
	scene_host(r->s, "a", "p", DB_HOST_UP);
	round_of(r, 1);
	assert_int_equal(n_on(r, "a"), 2);
	scene_host(r->s, "b", "p", DB_HOST_UP);
	for (int i = 0; i < 4; i++) {
		round_of(r, -1);
		assert_string_equal(scene_unit(r->s, "lb.service")->u.host, "a");
		assert_int_equal(scene_unit(r->s, "lb.service")->u.goal, DB_GOAL_RUN);
	}
}

static void what_exists_once_follows_its_tier_to_another_pool(void **state)
{
	struct room *r = *state;

	scene_apply(r->s, STACK(LB), TEXT);
	scene_host(r->s, "a", "p", DB_HOST_UP);
	round_of(r, -1);
	assert_int_equal(n_on(r, "a"), 1);
	scene_apply(r->s,
		    "[stack]\nname = shop\n[pool q]\ndriver = fake\nmax = 3\n"
		    "[tier lb]\nunit = lb.service\npool = q\n",
		    TEXT);
	scene_host(r->s, "b", "q", DB_HOST_UP);
	round_of(r, -1);
	round_of(r, -1);
	assert_int_equal(scene_unit(r->s, "lb.service")->u.goal, DB_GOAL_DRAIN);
	scene_unit(r->s, "lb.service")->u.drained = true;
	scene_unit(r->s, "lb.service")->dirty = true;
	scene_save(r->s);
	round_of(r, -1);
	round_of(r, -1);
	assert_string_equal(scene_unit(r->s, "lb.service")->u.host, "b");
}

static void a_stateful_instance_is_moved_by_nobody(void **state)
{
	struct room *r = *state;

	scene_apply(r->s, STACK(WEB "stateful = yes\n"), TEXT);
	scene_host(r->s, "a", "p", DB_HOST_UP);
	round_of(r, 4);
	scene_host(r->s, "b", "p", DB_HOST_UP);
	for (int i = 0; i < 3; i++)
		round_of(r, 4);
	assert_int_equal(n_on(r, "a"), 4);
}

static void a_stateful_instance_outside_its_pool_stays_and_is_told_of(void **state)
{
	struct room *r = *state;
	char text[400];

	scene_apply(r->s, STACK(LB "stateful = yes\n"), TEXT);
	scene_host(r->s, "a", "p", DB_HOST_UP);
	round_of(r, -1);
	assert_false(place_misplaced(r->s->f, text, sizeof(text)));
	scene_apply(r->s,
		    "[stack]\nname = shop\n[pool q]\ndriver = fake\nmax = 3\n"
		    "[tier lb]\nunit = lb.service\npool = q\nstateful = yes\n",
		    TEXT);
	scene_host(r->s, "b", "q", DB_HOST_UP);
	for (int i = 0; i < 3; i++)
		round_of(r, -1);
	assert_string_equal(scene_unit(r->s, "lb.service")->u.host, "a");
	assert_true(place_misplaced(r->s->f, text, sizeof(text)));
	assert_string_equal(text,
			    "unit lb.service of shop/lb stays on host a of pool p: it "
			    "is stateful; drain that host (foretide drain a) to move it "
			    "to pool q");
	/* Its host is not let go under it, though its pool is in no stack any more. */
	assert_int_equal(r->placed.n_leave, 1);
	assert_string_equal(r->placed.leave[0], "b");
	scene_host(r->s, "a", "p", DB_HOST_DRAINING);
	round_of(r, -1);
	assert_false(place_misplaced(r->s->f, text, sizeof(text)));
	assert_int_equal(scene_unit(r->s, "lb.service")->u.goal, DB_GOAL_DRAIN);
}

/* ---------------------------------------------------------------- giving way */

/* web fills so many hosts, each with one, and lb, of a higher priority, waits; web@2 is
 * sick, of two that are desired. Another is in its place when there are three. */
static struct fleet_tier *stand_full(struct room *r, int hosts, bool is_leaving)
{
	static const char *const ids[] = { "a", "b", "c" };
	CLEANUP(free)
	char *conf = xasprintf("[stack]\nname = shop\n[pool p]\ndriver = fake\n"
			       "max = %d\n" WEB,
			       hosts);
	CLEANUP(free) char *both = xasprintf("%s" LB "priority = 5\n", conf);
	struct fleet_tier *web;
	struct fleet_unit *sick;

	scene_apply(r->s, conf, WHOLE);
	for (int i = 0; i < hosts; i++)
		scene_host(r->s, ids[i], "p", DB_HOST_UP);
	round_of(r, hosts);
	scene_apply(r->s, both, WHOLE);
	round_of(r, hosts);
	assert_string_equal(scene_unit(r->s, "lb.service")->u.host, "");
	scene_load(r->s);
	for (size_t i = 0; i < r->s->f->n_hosts; i++)
		r->s->f->hosts[i].alive = true;
	for (size_t i = 0; i < r->s->f->n_units; i++)
		r->s->f->units[i].healthy = r->s->f->units[i].host != NULL;
	sick = scene_unit(r->s, "web@2.service");
	sick->made_up = true;
	sick->sick = "fails its check";
	sick->healthy = false;
	sick->leaving = is_leaving;
	web = fleet_tier(r->s->f, "shop", "web");
	web->t.desired = 2;
	place_find_room(r->s->f, (const size_t[]){ 0, 1 });
	return web;
}

static bool is_running(const struct room *r, const char *name)
{
	const struct fleet_unit *u = scene_unit(r->s, name);

	return u && u->u.goal == DB_GOAL_RUN && !u->gone;
}

static void a_sick_one_that_is_given_up_is_the_one_that_goes(void **state)
{
	struct room *r = *state;
	struct fleet_tier *web = stand_full(r, 2, false);

	assert_true(scene_unit(r->s, "web@2.service")->given);
	assert_non_null(web->room.yields_to);
	assert_string_equal(web->room.yields_to->t.name, "lb");
	web->t.desired = 1;
	unit_plan(r->s->f);
	assert_false(is_running(r, "web@2.service"));
	assert_true(is_running(r, "web@1.service"));
}

static void a_sick_one_that_another_replaced_goes_and_no_fewer_are_wanted(void **state)
{
	struct room *r = *state;
	struct fleet_tier *web = stand_full(r, 3, false);

	assert_true(scene_unit(r->s, "web@2.service")->given);
	assert_null(web->room.yields_to);
	unit_plan(r->s->f);
	assert_false(is_running(r, "web@2.service"));
	assert_true(is_running(r, "web@1.service"));
	assert_true(is_running(r, "web@3.service"));
}

/* It is not drained before others serve in its place, for which there may be no room. */
static void a_sick_one_that_should_leave_does_not_keep_the_pool_waiting(void **state)
{
	struct room *r = *state;
	struct fleet_tier *web = stand_full(r, 2, true);

	assert_true(scene_unit(r->s, "web@1.service")->given);
	assert_non_null(web->room.yields_to);
}

#define ROOM_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROOM_TEST(a_host_knows_what_its_units_ask_for),
		ROOM_TEST(instances_are_spread_over_hosts_that_are_up),
		ROOM_TEST(what_finds_no_room_asks_for_hosts_up_to_the_maximum),
		ROOM_TEST(a_host_that_boots_is_room_to_come),
		ROOM_TEST(a_silent_host_keeps_its_units_and_gets_none),
		ROOM_TEST(hosts_that_hold_nothing_can_leave),
		ROOM_TEST(a_move_for_balance_starts_another_first),
		ROOM_TEST(what_exists_once_is_not_moved_for_balance),
		ROOM_TEST(what_exists_once_follows_its_tier_to_another_pool),
		ROOM_TEST(a_stateful_instance_is_moved_by_nobody),
		ROOM_TEST(a_stateful_instance_outside_its_pool_stays_and_is_told_of),
		ROOM_TEST(a_sick_one_that_is_given_up_is_the_one_that_goes),
		ROOM_TEST(a_sick_one_that_another_replaced_goes_and_no_fewer_are_wanted),
		ROOM_TEST(a_sick_one_that_should_leave_does_not_keep_the_pool_waiting),
	};

	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
