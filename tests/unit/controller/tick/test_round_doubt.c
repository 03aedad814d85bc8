/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_round_doubt.c - rounds that do not know all, and what they tell people.
 */
#include "rounds.h"

/* ---------------------------------------------------------------- distrust */

/* As the doubts below keep it from being. */
static void what_is_known_is_scaled_in(void **state)
{
	struct rounds *r = *state;
	int64_t n;

	start(r, WEB("min = 1\n" DEMAND));
	join(r->h, "a");
	measure(r->h, 45);
	go_round(r, true);
	n = desired(r->h);
	quiet_hour(r);
	assert_true(desired(r->h) < n);
}

static void while_the_store_cannot_be_read_nothing_is_written_or_scaled_in(void **state)
{
	struct rounds *r = *state;
	int64_t rev, n;

	start(r, WEB("min = 1\n" DEMAND));
	join(r->h, "a");
	measure(r->h, 45);
	go_round(r, true);
	n = desired(r->h);
	r->is_blind = true;
	rev = store_rev(r);
	scene_apply(r->h->s, WEB("min = 1\n" DEMAND), "[Service]\nExecStart=/b\n");
	quiet_hour(r);
	assert_int_equal(store_rev(r), rev);
	assert_true(desired(r->h) >= n);
	assert_true(explained(r, "the store cannot be read"));
	assert_false(r->seen.store_ok);
	r->is_blind = false;
	tick(r);
	assert_true(store_rev(r) > rev);
}

static void after_a_restore_nothing_is_scaled_in_for_a_while(void **state)
{
	struct rounds *r = *state;
	int64_t n;

	start(r, WEB("min = 1\n" DEMAND));
	clock_wait_begin(&r->h->o.care, clock_now_ms() + 7200000, 7200000);
	measure(r->h, 45);
	go_round(r, true);
	n = desired(r->h);
	quiet_hour(r);
	assert_true(desired(r->h) >= n);
	assert_true(explained(r, "restored from a backup"));
}

static void when_most_hosts_fall_silent_together_it_is_told_and_asked_for(void **state)
{
	static const char *const ids[] = { "a", "b", "c", "d" };
	struct rounds *r = *state;
	int64_t until;

	start(r, WEB("min = 4\n" DEMAND));
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		join(r->h, ids[i]);
	go_round(r, true);
	(void)pokes(r->h);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		say(r->h, "/foretide/hosts/", ids[i], NULL);
	go_round(r, false);
	/* What does the cloud list? */
	assert_true(pokes(r->h) > 0);
	assert_true(r->seen.settling);
	until = clock_mono_ms() + PATIENCE_MS;
	while (!r->seen.host_shrunk && clock_mono_ms() < until)
		go_round(r, false);
	assert_true(r->seen.host_shrunk);
	measure(r->h, 1);
	tick(r);
	assert_true(is_told(r, "hosts-silent", ""));
	assert_true(explained(r, "most hosts stopped responding at the same time"));
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		assert_int_equal(state_of(r->h, ids[i]), DB_HOST_UP);
}

/* ---------------------------------------------------------------- what is told */

/* As one of an earlier version may be. */
static void put_unreadable_stack(struct rounds *r)
{
	const struct db_stack s = {
		.name = (char *)(uintptr_t) "old",
		.timezone = (char *)(uintptr_t) "UTC",
		.domain = (char *)(uintptr_t) "",
		.version = 1,
		.text_json = (char *)(uintptr_t) "{\"stack.conf\": \"[stack]\\nname = "
						 "old\\nx\"}",
		.applied_ms = NOW_MS,
	};

	assert_ok(db_stack_put(r->h->s->db->db, &s, STACK_ANY_VERSION, NULL, r->h->s->e),
		  r->h->s->e);
}

static void a_stack_that_cannot_be_read_keeps_no_other_from_running(void **state)
{
	struct rounds *r = *state;

	put_unreadable_stack(r);
	start(r, WEB("min = 1\n"));
	join(r->h, "a");
	go_round(r, true);
	assert_true(is_told(r, "stack-not-read", "old"));
	assert_true(is_scheduled(r->h, "a", "web@1.service"));
	assert_ok(db_stack_delete(r->h->s->db->db, "old", r->h->s->e), r->h->s->e);
	tick(r);
	assert_false(is_told(r, "stack-not-read", ""));
}

static void say_state(struct rounds *r, const char *host, const char *unit,
		      const char *active)
{
	CLEANUP(states_free) struct states *states = states_new(1);
	CLEANUP(free) char *text = NULL;
	CLEANUP(db_unit_done) struct db_unit u = { 0 };

	assert_ok(db_unit_get(r->h->s->db->db, unit, &u, r->h->s->e), r->h->s->e);
	assert_ok(states_add(states,
			     &(struct unit_state){
				     .name = (char *)(uintptr_t)unit,
				     .hash = u.hash,
				     .load = (char *)(uintptr_t) "loaded",
				     .active = (char *)(uintptr_t)active,
				     .sub = (char *)(uintptr_t) "running",
				     .since_ms = clock_now_ms(),
			     },
			     r->h->s->e),
		  r->h->s->e);
	text = states_format(states);
	say(r->h, "/foretide/states/", host, text);
}

static void an_instance_that_has_just_come_is_looked_at_again_soon(void **state)
{
	struct rounds *r = *state;

	start(r, WEB("min = 1\n"));
	join(r->h, "a");
	go_round(r, true);
	go_round(r, false);
	assert_false(r->seen.settling);
	say_state(r, "a", "web@1.service", "active");
	go_round(r, false);
	assert_true(r->seen.settling);
}

static void a_demand_that_is_not_whole_is_told(void **state)
{
	struct rounds *r = *state;

	start(r, WEB("min = 1\ndemand = sum(load) + sum(other)\ncapacity = 10\n"));
	measure(r->h, 25);
	go_round(r, true);
	tick(r);
	assert_true(is_told(r, "demand-not-whole", "shop/web"));
}

static void instances_that_find_no_room_are_told(void **state)
{
	struct rounds *r = *state;

	start_with(r,
		   "[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 1\n[tier web]\n"
		   "unit = web@.service\npool = p\nmax = 9\nmin = 1\n" DEMAND,
		   TEXT "[X-Resources]\nCPU=2\n");
	join(r->h, "a");
	measure(r->h, 75);
	go_round(r, true);
	assert_true(is_told(r, "pool-full", "shop/web"));
}

static void who_finds_no_room_is_told_who_has_it(void **state)
{
	struct rounds *r = *state;

	start_with(r,
		   "[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 1\n[tier web]\n"
		   "unit = web@.service\npool = p\nmax = 2\nmin = 2\npriority = 10\n"
		   "[tier app]\nunit = app@.service\npool = p\nmax = 9\nmin = 0\n"
		   "demand = sum(load)\ncapacity = 10\n",
		   TEXT "[X-Resources]\nCPU=2\n");
	join(r->h, "a");
	go_round(r, true);
	assert_true(is_scheduled(r->h, "a", "web@2.service"));
	measure(r->h, 75);
	tick(r);
	assert_true(explained_of(
		r, "app", "max = 1 hosts, shared with shop/web of a higher priority"));
}

static void an_etcd_that_asks_for_no_users_is_told(void **state)
{
	struct rounds *r = *state;
	const struct store_users_opts opts = { .db = r->h->s->db->db,
					       .store = &r->h->store,
					       .secret = "a secret" };

	r->h->o.users = store_users_new(&opts);
	start(r, WEB("min = 1\n"));
	join(r->h, "a");
	go_round(r, true);
	assert_true(is_told(r, "store-open", ""));
	assert_false(is_told(r, "store-users-not-set", ""));
	store_users_free(TAKE(r->h->o.users));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUND_TEST(what_is_known_is_scaled_in),
		ROUND_TEST(
			while_the_store_cannot_be_read_nothing_is_written_or_scaled_in),
		ROUND_TEST(after_a_restore_nothing_is_scaled_in_for_a_while),
		ROUND_TEST(when_most_hosts_fall_silent_together_it_is_told_and_asked_for),
		ROUND_TEST(a_stack_that_cannot_be_read_keeps_no_other_from_running),
		ROUND_TEST(an_instance_that_has_just_come_is_looked_at_again_soon),
		ROUND_TEST(a_demand_that_is_not_whole_is_told),
		ROUND_TEST(instances_that_find_no_room_are_told),
		ROUND_TEST(who_finds_no_room_is_told_who_has_it),
		ROUND_TEST(an_etcd_that_asks_for_no_users_is_told),
	};

	return cmocka_run_group_tests_name("round_doubt", tests, NULL, NULL);
}
