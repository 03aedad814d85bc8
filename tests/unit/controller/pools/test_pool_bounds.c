/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_pool_bounds.c - what a pool may do at most: the maximum, hosts that never join,
 * caps.
 */
#include "pool_bounds_fixture.h"

/* ---------------------------------------------------------------- the maximum */

static void hosts_that_wait_for_a_limit_count_against_the_maximum(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	b->opts.terminate_per_hour = 1;
	b->voice = POOL_HEARD;
	stand(b, "{}", 8);
	l = present(b);
	for (size_t i = 0; i < 4; i++)
		let_go(b, l.v[i].id);
	put_pool(b, "{}", 8);
	rounds(b, 10);
	assert_int_equal(n_vms(b), 8);
	assert_int_equal(n_hosts(b, DB_HOST_TERMINATING), 3);
	assert_true(is_told(b, "pool-at-maximum", "3 hosts are not launched"));
}

static void in_a_full_pool_one_more_replaces_hosts_that_drain_and_it_is_told(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	b->voice = POOL_HEARD;
	stand(b, "{}", 8);
	l = present(b);
	for (size_t i = 0; i < 3; i++)
		assert_ok(db_host_set_state(b->f->db, l.v[i].id, DB_HOST_DRAINING, "",
					    clock_now_ms(), &b->f->e),
			  &b->f->e);
	rounds(b, 10);
	assert_int_equal(n_vms(b), 9);
	assert_int_equal(n_events(b, "pool-above-max"), 1);
	assert_true(is_told(b, "pool-at-maximum", "2 hosts are not launched"));
}

static void launches_without_an_answer_count_against_the_maximum(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"drop\", "
			"\"times\": 5}]}");
	put_pool(b, "{\"idempotent\": \"no\"}", 8);
	for (int i = 0; i < 40; i++)
		(void)poll(NULL, 0, (int)MIN(once(b), 3));
	/* 5 of the 8 are in doubt, and given up. */
	assert_int_equal(n_hosts(b, DB_HOST_FAILED), 5);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 3);
	bring_up(b);
	pass(21 * MINUTE_MS);
	rounds(b, 2);
	assert_int_equal(n_vms(b), 8);
}

/* By how the first call and the second fail. */
static void launches_that_failed_in_doubt_are_no_failures(void **state)
{
	static const char *const faults[] = {
		"{\"op\": \"launch\", \"kind\": \"garbage\"}",
		"{\"op\": \"launch\", \"kind\": \"crash\"}",
		"{\"op\": \"launch\", \"kind\": \"lost\"}, "
		"{\"op\": \"launch\", \"kind\": \"auth\"}",
	};
	struct bench *b = *state;

	b->opts.orphan_grace_ms = 600000;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		CLEANUP(free)
		char *script =
			xasprintf("{\"hide\": \"1h\", \"faults\": [%s]}", faults[i]);

		write_script(b, script);
		put_pool(b, "{}", (int64_t)i + 1);
		assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == i + 1));
		assert_int_equal(n_hosts(b, DB_HOST_FAILED), 0);
		assert_int_equal(n_vms(b), i + 1);
	}
}

static void unknown_vms_count_against_the_maximum(void **state)
{
	struct bench *b = *state;

	b->opts.orphan_grace_ms = 600000;
	stand(b, "{}", 6);
	add_vm(b, "vm-a", ORPHAN, "web-aa");
	b->voice = POOL_HEARD;
	once(b);
	put_pool(b, "{}", 8);
	rounds(b, 5);
	assert_int_equal(n_vms(b), 8);
	assert_true(is_told(b, "unknown-vms", "vm-a"));
}

/* ---------------------------------------------------------------- never joined */

static void hosts_that_never_join_make_the_pool_wait_longer_and_longer(void **state)
{
	struct bench *b = *state;
	json_int_t launches;

	put_pool(b, "{}", 4);
	rounds(b, 2);
	assert_int_equal(n_calls(b, "launch"), 4);
	pass(20 * MINUTE_MS + 1);
	rounds(b, 4);
	/* Once again, at once. */
	assert_int_equal(n_calls(b, "launch"), 8);
	assert_true(is_told(b, "hosts-do-not-join", "4 hosts in a row"));
	pass(20 * MINUTE_MS + 1);
	rounds(b, 4);
	assert_int_equal(n_calls(b, "launch"), 8);
	assert_int_equal(n_vms(b), 0);
	/* Then one, after a while. */
	pass(MINUTE_MS);
	rounds(b, 4);
	assert_int_equal(n_calls(b, "launch"), 9);
	launches = n_calls(b, "launch");
	for (int i = 0; i < 8 * 60; i++) {
		pass(MINUTE_MS);
		rounds(b, 2);
		assert_true(n_vms(b) <= 1);
	}
	assert_true(n_calls(b, "launch") - launches <= 12);
	assert_true(is_told(b, "hosts-do-not-join", "did not join in time"));
}

static void another_life_waits_as_long(void **state)
{
	struct bench *b = *state;

	put_pool(b, "{}", 4);
	rounds(b, 2);
	for (int i = 0; i < 2; i++) {
		pass(20 * MINUTE_MS + 1);
		rounds(b, 4);
	}
	assert_int_equal(n_calls(b, "launch"), 8);
	restart(b);
	rounds(b, 4);
	assert_int_equal(n_calls(b, "launch"), 8);
	assert_true(is_told(b, "hosts-do-not-join", "in 1m"));
	pass(MINUTE_MS);
	restart(b);
	rounds(b, 4);
	assert_int_equal(n_calls(b, "launch"), 9);
}

static void one_that_joins_ends_the_wait(void **state)
{
	struct bench *b = *state;

	put_pool(b, "{}", 4);
	rounds(b, 2);
	for (int i = 0; i < 2; i++) {
		pass(20 * MINUTE_MS + 1);
		rounds(b, 4);
	}
	pass(MINUTE_MS);
	rounds(b, 2);
	assert_int_equal(n_vms(b), 1);
	bring_up(b);
	b->voice = POOL_HEARD;
	rounds(b, 3);
	assert_int_equal(n_vms(b), 4);
	assert_false(is_told(b, "hosts-do-not-join", ""));
	assert_int_equal(n_events(b, "hosts-join-again"), 1);
}

/* ---------------------------------------------------------------- caps */

static void launches_within_an_hour_are_capped_also_over_a_restart(void **state)
{
	struct bench *b = *state;

	b->opts.launch_per_hour = 3;
	put_pool(b, "{}", 8);
	rounds(b, 3);
	restart(b);
	rounds(b, 3);
	assert_int_equal(n_vms(b), 3);
	assert_true(is_told(b, "launches-limited", "3 hosts were launched"));
	bring_up(b);
	b->voice = POOL_HEARD;
	pass(60 * MINUTE_MS);
	rounds(b, 3);
	assert_int_equal(n_vms(b), 6);
}

static void launches_that_failed_do_not_use_the_cap_up(void **state)
{
	struct bench *b = *state;

	b->opts.launch_per_hour = 1;
	b->opts.gates.capacity_first_ms = b->opts.gates.capacity_max_ms = 1;
	restart(b);
	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"capacity\", "
			"\"times\": 3}]}");
	put_pool(b, "{}", 1);
	assert_true(reconcile_until(b, n_vms(b) == 1));
}

static void a_termination_that_is_tried_again_counts_from_when_it_was_done(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	b->opts.terminate_per_hour = 1;
	b->voice = POOL_HEARD;
	stand(b, "{}", 8);
	l = present(b);
	for (size_t i = 0; i < 2; i++)
		let_go(b, l.v[i].id);
	put_pool(b, "{}", 6);
	write_script(b, "{\"faults\": [{\"op\": \"terminate\", \"kind\": \"error\", "
			"\"times\": -1}]}");
	rounds(b, 1);
	pass(59 * MINUTE_MS);
	write_script(b, "{}");
	assert_true(reconcile_until(b, n_vms(b) == 7));
	pass(2 * MINUTE_MS);
	rounds(b, 5);
	assert_int_equal(n_vms(b), 7);
	pass(58 * MINUTE_MS);
	assert_true(reconcile_until(b, n_vms(b) == 6));
}

static void the_caps_hold_over_all_pools(void **state)
{
	struct bench *b = *state;
	const struct db_pool other = { .name = (char *)(uintptr_t) "other",
				       .driver = (char *)(uintptr_t) "fake",
				       .profile = (char *)(uintptr_t) "fake",
				       .config_json = (char *)(uintptr_t) "{}",
				       .max = 8 };
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	b->opts.launch_per_hour_total = 10;
	b->opts.terminate_per_hour_total = 3;
	assert_ok(db_pool_put(b->f->db, &other, &b->f->e), &b->f->e);
	assert_ok(db_pool_want(b->f->db, "other", 8, &b->f->e), &b->f->e);
	put_pool(b, "{}", 8);
	for (int i = 0; i < 3; i++) {
		once(b);
		(void)pool_reconcile(b->pools, "other");
	}
	assert_int_equal(n_vms(b), 10);
	assert_true(is_told(b, "launches-limited", "of all pools"));
	l = present(b);
	for (size_t i = 0; i < l.n; i++)
		let_go(b, l.v[i].id);
	put_pool(b, "{}", 0);
	assert_ok(db_pool_want(b->f->db, "other", 0, &b->f->e), &b->f->e);
	for (int i = 0; i < 3; i++) {
		once(b);
		(void)pool_reconcile(b->pools, "other");
	}
	assert_int_equal(n_vms(b), 7);
	assert_pool(b, "limited", "of all pools");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(hosts_that_wait_for_a_limit_count_against_the_maximum),
		POOL_TEST(
			in_a_full_pool_one_more_replaces_hosts_that_drain_and_it_is_told),
		HELD_TEST(launches_without_an_answer_count_against_the_maximum),
		POOL_TEST(launches_that_failed_in_doubt_are_no_failures),
		POOL_TEST(unknown_vms_count_against_the_maximum),
		HELD_TEST(hosts_that_never_join_make_the_pool_wait_longer_and_longer),
		HELD_TEST(another_life_waits_as_long),
		HELD_TEST(one_that_joins_ends_the_wait),
		HELD_TEST(launches_within_an_hour_are_capped_also_over_a_restart),
		POOL_TEST(launches_that_failed_do_not_use_the_cap_up),
		HELD_TEST(a_termination_that_is_tried_again_counts_from_when_it_was_done),
		POOL_TEST(the_caps_hold_over_all_pools),
	};

	return cmocka_run_group_tests_name("pool bounds", tests, NULL, NULL);
}
