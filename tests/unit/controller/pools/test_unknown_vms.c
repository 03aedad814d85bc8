/* SPDX-License-Identifier: GPL-3.0-or-later */
/* VMs that nobody knows, and hosts that were found. */
#include "pool_bounds_fixture.h"

/* That VM is of another pool. */
static void in_pool(struct bench *b, const char *id, const char *pool)
{
	CLEANUP(json_decref) json_t *doc = cloud_doc(b);
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", b->cloud);
	size_t i;
	json_t *vm;

	json_array_foreach(json_object_get(doc, "vms"), i, vm)
	{
		if (strcmp(json_string_value(json_object_get(vm, "id")), id) == 0)
			json_object_set_new(vm, "pool", json_string(pool));
	}
	assert_int_equal(json_dump_file(doc, path, 0), 0);
}

/* ---------------------------------------------------------------- unknown VMs */

static void an_unknown_vm_that_serves_becomes_a_host(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	b->opts.orphan_grace_ms = 1;
	stand(b, "{}", 1);
	add_vm(b, "vm-a", ORPHAN, "web-aa");
	b->voice = b->strangers = POOL_HEARD;
	rounds(b, 5);
	assert_int_equal(n_vms(b), 2);
	assert_ok(db_host_get(b->f->db, "web-aa", &h, &b->f->e), &b->f->e);
	assert_int_equal(h.state, DB_HOST_UP);
	assert_string_equal(h.vm_id, "vm-a");
	assert_true(h.adopted_ms > 0 && h.ready_ms == 0);
	assert_int_equal(n_events(b, "host-adopted"), 1);
	/* It can be ended as any other. */
	put_pool(b, "{}", 0);
	let_go(b, "web-aa");
	rounds(b, 2);
	assert_int_equal(n_vms(b), 1);
}

static void a_host_that_lists_lacked_is_taken_back_when_it_serves(void **state)
{
	struct bench *b = *state;

	b->opts.orphan_grace_ms = 600000;
	stand(b, "{}", 2);
	put_pool(b, "{}", 1);
	once(b);
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"omit\", \"times\": "
			"2}]}");
	rounds(b, 2);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
	b->voice = b->strangers = POOL_HEARD;
	rounds(b, 2);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 2);
	assert_int_equal(n_vms(b), 2);
}

static void one_that_was_terminated_is_not_taken_back(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	b->opts.orphan_grace_ms = 600000;
	stand(b, "{}", 2);
	put_pool(b, "{}", 1);
	once(b);
	l = present(b);
	let_go(b, l.v[0].id);
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"ghost\", "
			"\"times\": -1}]}");
	b->voice = b->strangers = POOL_HEARD;
	rounds(b, 5);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 1);
	/* It is going: nobody need be told. */
	assert_false(is_told(b, "unknown-vms", ""));
}

static void no_unknown_vm_is_ended_by_one_who_does_not_hear(void **state)
{
	struct bench *b = *state;

	b->opts.orphan_grace_ms = 1;
	stand(b, "{}", 1);
	add_vm(b, "vm-a", ORPHAN, "web-aa");
	b->voice = b->strangers = POOL_DEAF;
	for (int i = 0; i < 5; i++) {
		once(b);
		(void)poll(NULL, 0, 2);
	}
	assert_int_equal(n_vms(b), 2);
	assert_true(is_told(b, "unknown-vms", "vm-a"));
	b->strangers = POOL_SILENT;
	assert_true(reconcile_until(b, n_vms(b) == 1));
}

static void one_that_calls_is_never_ended(void **state)
{
	struct bench *b = *state;

	b->opts.orphan_grace_ms = 50;
	stand(b, "{}", 1);
	/* As after a restore: its pool has no record yet. */
	add_vm(b, "vm-a", ORPHAN, "other-aa");
	in_pool(b, "vm-a", "other");
	b->voice = b->strangers = POOL_HEARD;
	for (int i = 0; i < 8; i++) {
		once(b);
		(void)poll(NULL, 0, 10);
	}
	assert_int_equal(n_vms(b), 2);
	assert_true(is_told(b, "unknown-vms", "the agents of 1 call"));
	/* Its time begins when it was heard last. */
	b->strangers = POOL_SILENT;
	once(b);
	assert_int_equal(n_vms(b), 2);
	assert_true(is_told(b, "unknown-vms", "do not call"));
	assert_true(reconcile_until(b, n_vms(b) == 1));
}

static void one_that_was_terminated_and_calls_on_is_told(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	b->opts.orphan_grace_ms = 1;
	stand(b, "{}", 1);
	h = only_host(b);
	put_pool(b, "{}", 0);
	assert_ok(db_host_gone(b->f->db, h.id, "not needed", clock_now_ms(), &b->f->e),
		  &b->f->e);
	b->strangers = POOL_HEARD;
	for (int i = 0; i < 5; i++) {
		once(b);
		(void)poll(NULL, 0, 2);
	}
	assert_int_equal(n_vms(b), 1);
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 1);
}

/* ---------------------------------------------------------------- found hosts */

static void an_adopted_host_that_waits_for_its_stack_has_no_time_to_join(void **state)
{
	struct bench *b = *state;

	stand(b, "{}", 1);
	add_vm(b, "vm-a", ORPHAN, "web-aa");
	b->voice = b->strangers = POOL_HEARD;
	once(b);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 2);
	pass(200 * MINUTE_MS);
	rounds(b, 2);
	assert_true(is_told(b, "host-cut-from-store", "web-aa"));
	assert_ok(db_host_set_state(b->f->db, "web-aa", DB_HOST_UP, "apply that stack",
				    clock_now_ms(), &b->f->e),
		  &b->f->e);
	rounds(b, 2);
	assert_false(is_told(b, "host-cut-from-store", ""));
	assert_true(is_told(b, "adoption-waits", "web-aa"));
	b->voice = POOL_SILENT;
	rounds(b, 3);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 2);
	assert_int_equal(n_vms(b), 2);
	assert_false(is_told(b, "hosts-do-not-join", ""));
}

static void what_was_restored_and_never_comes_has_its_time_to_join(void **state)
{
	struct bench *b = *state;

	put_pool(b, "{}", 1);
	once(b);
	pass(30 * 24 * 60 * MINUTE_MS);
	assert_ok(db_hosts_adopt(b->f->db, clock_now_ms(), &b->f->e), &b->f->e);
	rounds(b, 2);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 1);
	assert_int_equal(n_calls(b, "launch"), 1);
	pass(20 * MINUTE_MS + 1);
	rounds(b, 3);
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 1);
}

static void one_that_joins_and_never_reaches_the_store_is_told_then_replaced(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	put_pool(b, "{}", 1);
	once(b);
	h = only_host(b);
	assert_ok(db_host_set_state(b->f->db, h.id, DB_HOST_UP, "", clock_now_ms(),
				    &b->f->e),
		  &b->f->e);
	b->voice = POOL_HEARD;
	pass(19 * MINUTE_MS);
	rounds(b, 2);
	assert_false(is_told(b, "host-cut-from-store", ""));
	pass(2 * MINUTE_MS);
	rounds(b, 2);
	assert_true(is_told(b, "host-cut-from-store", h.id));
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
	pass(40 * MINUTE_MS);
	rounds(b, 3);
	assert_int_equal(n_hosts(b, DB_HOST_GONE), 1);
	assert_false(is_told(b, "host-cut-from-store", ""));
	assert_true(is_told(b, "hosts-do-not-join", "never reached the store"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(an_unknown_vm_that_serves_becomes_a_host),
		POOL_TEST(a_host_that_lists_lacked_is_taken_back_when_it_serves),
		POOL_TEST(one_that_was_terminated_is_not_taken_back),
		POOL_TEST(no_unknown_vm_is_ended_by_one_who_does_not_hear),
		POOL_TEST(one_that_calls_is_never_ended),
		POOL_TEST(one_that_was_terminated_and_calls_on_is_told),
		HELD_TEST(an_adopted_host_that_waits_for_its_stack_has_no_time_to_join),
		HELD_TEST(what_was_restored_and_never_comes_has_its_time_to_join),
		HELD_TEST(
			one_that_joins_and_never_reaches_the_store_is_told_then_replaced),
	};

	return cmocka_run_group_tests_name("unknown VMs", tests, NULL, NULL);
}
