/* SPDX-License-Identifier: GPL-3.0-or-later */
/* VMs that no list shows, and lists that lie. */
#include "pool_bounds_fixture.h"

/* ---------------------------------------------------------------- what no list shows */

static void vms_that_no_list_shows_count_and_are_told(void **state)
{
	struct bench *b = *state;

	b->opts.unlisted_ms = 1;
	write_script(b, "{\"hide\": \"2h\"}");
	put_pool(b, "{}", 2);
	assert_true(reconcile_until(b, is_told(b, "launches-not-listed", "2 VMs")));
	rounds(b, 10);
	restart(b);
	rounds(b, 10);
	assert_int_equal(n_vms(b), 2);
	assert_int_equal(n_calls(b, "launch"), 2);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 2);
	write_script(b, "{}");
	rounds(b, 2);
	assert_false(is_told(b, "launches-not-listed", ""));
}

static void more_are_launched_slowly_while_some_are_in_no_list(void **state)
{
	struct bench *b = *state;

	b->opts.unlisted_ms = 1;
	write_script(b, "{\"hide\": \"2h\"}");
	put_pool(b, "{}", 1);
	assert_true(reconcile_until(b, is_told(b, "launches-not-listed", "1 VM")));
	put_pool(b, "{}", 6);
	rounds(b, 5);
	assert_int_equal(n_vms(b), 1);
	pass(MINUTE_MS + 1);
	rounds(b, 5);
	assert_int_equal(n_vms(b), 2);
}

static void a_vm_that_no_list_shows_is_ended_by_its_id(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"hide\": \"2h\"}");
	put_pool(b, "{}", 2);
	rounds(b, 3);
	put_pool(b, "{}", 0);
	pass(21 * MINUTE_MS);
	rounds(b, 3);
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 2);
	assert_int_equal(n_calls(b, "terminate"), 2);
	assert_int_equal(n_vms(b), 0);
}

static void a_vm_that_no_list_shows_serves_once_its_agent_came(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"hide\": \"2h\"}");
	put_pool(b, "{}", 2);
	rounds(b, 2);
	bring_up(b);
	b->voice = POOL_HEARD;
	pass(60 * MINUTE_MS);
	rounds(b, 10);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 2);
	assert_int_equal(n_vms(b), 2);
	assert_true(is_told(b, "list-not-believed", "2 of 2"));
}

/* ---------------------------------------------------------------- lists that lie */

static void an_agent_that_lives_outvotes_the_list(void **state)
{
	struct bench *b = *state;

	stand(b, "{}", 3);
	once(b);
	b->voice = POOL_HEARD;
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"omit\", \"times\": "
			"-1}]}");
	rounds(b, 10);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 3);
	assert_true(is_told(b, "hosts-not-listed", "1 hosts"));
	/* Two witnesses are enough. */
	b->voice = POOL_SILENT;
	rounds(b, 3);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 2);
	assert_false(is_told(b, "hosts-not-listed", ""));
}

static void nothing_is_concluded_by_one_who_does_not_hear(void **state)
{
	struct bench *b = *state;

	stand(b, "{}", 3);
	once(b);
	b->voice = POOL_DEAF;
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"omit\", \"times\": "
			"-1}]}");
	rounds(b, 10);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 3);
}

static void a_list_that_lacks_most_is_not_believed(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	stand(b, "{}", 5);
	once(b);
	b->voice = POOL_HEARD;
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"empty\", "
			"\"times\": -1}]}");
	l = present(b);
	let_go(b, l.v[0].id);
	put_pool(b, "{}", 5);
	rounds(b, 10);
	assert_true(is_told(b, "list-not-believed", "4 of 4"));
	/* What people asked for goes on. */
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 1);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 4);
	assert_int_equal(n_vms(b), 5);
	assert_pool(b, "ok", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(vms_that_no_list_shows_count_and_are_told),
		HELD_TEST(more_are_launched_slowly_while_some_are_in_no_list),
		HELD_TEST(a_vm_that_no_list_shows_is_ended_by_its_id),
		HELD_TEST(a_vm_that_no_list_shows_serves_once_its_agent_came),
		POOL_TEST(an_agent_that_lives_outvotes_the_list),
		POOL_TEST(nothing_is_concluded_by_one_who_does_not_hear),
		POOL_TEST(a_list_that_lacks_most_is_not_believed),
	};

	return cmocka_run_group_tests_name("lists of a cloud", tests, NULL, NULL);
}
