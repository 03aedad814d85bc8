/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_pool_bounds.c - what a pool may do at most: VMs that no list shows, lists that
 * lie, the maximum, hosts that never join, caps, VMs that nobody knows.
 */
#include "pool_bench.h"

#define MINUTE_MS INT64_C(60000)

static void rounds(struct bench *b, int n)
{
	for (int i = 0; i < n; i++)
		once(b);
}

static struct db_host_list present(const struct bench *b)
{
	struct db_host_list l = { 0 };

	assert_ok(db_host_list(b->f->db, &(struct db_host_filter){ .present = true }, &l,
			       &b->f->e),
		  &b->f->e);
	return l;
}

/* On a calendar that stands until it is moved. */
static int setup_held(void **state)
{
	const int rc = setup(state);
	struct bench *b = *state;

	clock_hold(clock_now_ms());
	b->opts.join_timeout_ms = 20 * MINUTE_MS;
	return rc;
}

static int teardown_held(void **state)
{
	clock_hold(-1);
	return teardown(state);
}

static void pass(int64_t ms)
{
	clock_hold(clock_now_ms() + ms);
}

static size_t n_events(const struct bench *b, const char *kind)
{
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };

	assert_ok(db_event_list(b->f->db, &(struct db_event_filter){ .kind = kind }, &l,
				&b->f->e),
		  &b->f->e);
	return l.n;
}

static void add_vm(struct bench *b, const char *id, const char *launch_id,
		   const char *name)
{
	CLEANUP(json_decref) json_t *doc = cloud_doc(b);
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", b->cloud);
	json_t *vms = json_object_get(doc, "vms");
	json_t *twin = json_deep_copy(json_array_get(vms, 0));

	json_object_set_new(twin, "id", json_string(id));
	json_object_set_new(twin, "launch_id", json_string(launch_id));
	json_object_set_new(twin, "name", json_string(name));
	json_object_set_new(twin, "gone_ms", json_integer(0));
	json_array_append_new(vms, twin);
	assert_int_equal(json_dump_file(doc, path, 0), 0);
}

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
	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"capacity\", "
			"\"times\": 3}]}");
	put_pool(b, "{}", 1);
	assert_true(reconcile_until(b, n_vms(b) == 1));
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

/* ---------------------------------------------------------------- VMs that stop */

static void mark(struct bench *b, const char *what, bool is)
{
	CLEANUP(json_decref) json_t *doc = cloud_doc(b);
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", b->cloud);

	json_object_set_new(json_array_get(json_object_get(doc, "vms"), 0), what,
			    json_boolean(is));
	assert_int_equal(json_dump_file(doc, path, 0), 0);
}

static void rounds_for(struct bench *b, int64_t ms)
{
	const int64_t until = clock_mono_ms() + ms;

	assert_true(reconcile_until(b, clock_mono_ms() >= until));
}

static void an_agent_that_lives_outvotes_a_vm_that_is_said_to_have_failed(void **state)
{
	struct bench *b = *state;

	stand(b, "{}", 1);
	b->voice = POOL_HEARD;
	mark(b, "fails", true);
	rounds_for(b, 2100);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
	assert_true(is_told(b, "vms-not-running", "1 hosts"));
	/* So does one that has just hung up, as when it reboots. */
	mark(b, "stopping", true);
	b->voice = POOL_HUNG_UP;
	rounds_for(b, 300);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
	/* Or as when its agent restarts, after it served like that. */
	mark(b, "stopping", false);
	rounds_for(b, 300);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
	mark(b, "fails", false);
	once(b);
	assert_false(is_told(b, "vms-not-running", ""));
	assert_int_equal(n_calls(b, "terminate"), 0);
}

static void is_replaced_by_two_lists(struct bench *b, enum pool_voice voice)
{
	stand(b, "{}", 1);
	b->voice = voice;
	mark(b, "fails", true);
	assert_true(once(b) <= 500);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 1));
	assert_true(reconcile_until(b, n_vms(b) == 1));
}

static void a_silent_host_whose_vm_failed_is_replaced_when_two_lists_say_so(void **state)
{
	is_replaced_by_two_lists(*state, POOL_SILENT);
}

static void so_is_one_that_has_just_hung_up(void **state)
{
	is_replaced_by_two_lists(*state, POOL_HUNG_UP);
}

/* An instance of a stateful tier on that host. */
static void put_state_on(struct bench *b, const char *host)
{
	char db[] = "db", shop[] = "shop", text[] = "x";
	const struct db_unit u = { .name = db,
				   .stack = shop,
				   .tier = db,
				   .host = (char *)(uintptr_t)host,
				   .hash = text };
	const struct db_tier t = { .stack = shop,
				   .name = db,
				   .unit = db,
				   .pool = (char *)(uintptr_t)POOL,
				   .stateful = true,
				   .max = 1 };

	assert_ok(db_tier_put(b->f->db, &t, &b->f->e), &b->f->e);
	assert_ok(db_unit_put(b->f->db, &u, &b->f->e), &b->f->e);
}

static void a_host_that_holds_state_is_ended_by_no_list(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	stand(b, "{}", 1);
	h = only_host(b);
	put_state_on(b, h.id);
	mark(b, "stopping", true);
	rounds_for(b, 300);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
	assert_true(is_told(b, "vms-not-running", h.id));
	/* Until a person gives it up. */
	assert_ok(db_host_set_state(b->f->db, h.id, DB_HOST_DRAINING, "", clock_now_ms(),
				    &b->f->e),
		  &b->f->e);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 1));
}

/* ---------------------------------------------------------------- after a restore */

static void a_launch_of_a_backup_is_not_sent_again_before_hosts_are_heard(void **state)
{
	struct bench *b = *state;

	write_script(b, "{\"faults\": [{\"op\": \"launch\", \"kind\": \"drop\"}]}");
	put_pool(b, "{}", 1);
	once(b);
	assert_int_equal(n_calls(b, "launch"), 1);
	b->opts.launch_from_mono_ms = clock_mono_ms() + 600000;
	restart(b);
	rounds(b, 5);
	assert_int_equal(n_calls(b, "launch"), 1);
	b->opts.launch_from_mono_ms = 0;
	rounds(b, 2);
	assert_int_equal(n_calls(b, "launch"), 2);
}

static void nothing_is_ended_while_there_is_care(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	stand(b, "{}", 1);
	put_pool(b, "{}", 0);
	h = only_host(b);
	let_go(b, h.id);
	clock_wait_begin(&b->opts.care, clock_now_ms() + 600000, 600000);
	/* As when the clock is set a year ahead. */
	b->opts.care.until_ms = clock_now_ms() - 1;
	rounds(b, 3);
	assert_int_equal(n_vms(b), 1);
	b->opts.care = (struct clock_wait){ 0 };
	rounds(b, 3);
	assert_int_equal(n_vms(b), 0);
}

static void a_host_that_is_gone_leaves_no_open_launch(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };
	CLEANUP(db_launch_done) struct db_launch l = { 0 };

	/* It joined before the answer, which is lost with the list. */
	write_script(b, "{\"hide\": \"2h\", \"faults\": [{\"op\": \"launch\", \"kind\": "
			"\"lost\"}]}");
	put_pool(b, "{}", 1);
	once(b);
	bring_up(b);
	h = only_host(b);
	put_pool(b, "{}", 0);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 1));
	assert_ok(db_launch_get(b->f->db, h.launch_id, &l, &b->f->e), &b->f->e);
	assert_int_equal(l.state, DB_LAUNCH_LOST);
}

#define HELD_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_held, teardown_held)

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
		POOL_TEST(hosts_that_wait_for_a_limit_count_against_the_maximum),
		POOL_TEST(
			in_a_full_pool_one_more_replaces_hosts_that_drain_and_it_is_told),
		HELD_TEST(launches_without_an_answer_count_against_the_maximum),
		POOL_TEST(unknown_vms_count_against_the_maximum),
		HELD_TEST(hosts_that_never_join_make_the_pool_wait_longer_and_longer),
		HELD_TEST(another_life_waits_as_long),
		HELD_TEST(one_that_joins_ends_the_wait),
		HELD_TEST(launches_within_an_hour_are_capped_also_over_a_restart),
		POOL_TEST(launches_that_failed_do_not_use_the_cap_up),
		POOL_TEST(the_caps_hold_over_all_pools),
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
		POOL_TEST(an_agent_that_lives_outvotes_a_vm_that_is_said_to_have_failed),
		POOL_TEST(
			a_silent_host_whose_vm_failed_is_replaced_when_two_lists_say_so),
		POOL_TEST(so_is_one_that_has_just_hung_up),
		POOL_TEST(a_host_that_holds_state_is_ended_by_no_list),
		POOL_TEST(a_launch_of_a_backup_is_not_sent_again_before_hosts_are_heard),
		POOL_TEST(nothing_is_ended_while_there_is_care),
		POOL_TEST(a_host_that_is_gone_leaves_no_open_launch),
	};

	return cmocka_run_group_tests_name("pool bounds", tests, NULL, NULL);
}
