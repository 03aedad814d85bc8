/* SPDX-License-Identifier: GPL-3.0-or-later */
/* VMs that are said to have failed, and what a restored database does not know. */
#include "pool_bounds_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(an_agent_that_lives_outvotes_a_vm_that_is_said_to_have_failed),
		POOL_TEST(
			a_silent_host_whose_vm_failed_is_replaced_when_two_lists_say_so),
		POOL_TEST(so_is_one_that_has_just_hung_up),
		POOL_TEST(a_host_that_holds_state_is_ended_by_no_list),
		POOL_TEST(a_launch_of_a_backup_is_not_sent_again_before_hosts_are_heard),
		POOL_TEST(nothing_is_ended_while_there_is_care),
		POOL_TEST(a_host_that_is_gone_leaves_no_open_launch),
	};

	return cmocka_run_group_tests_name("VMs that stop", tests, NULL, NULL);
}
