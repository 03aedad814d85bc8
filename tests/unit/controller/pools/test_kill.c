/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VM that a drill ends: the cloud knows, and nobody else. */
#include "pool_bench.h"

static void the_vm_is_gone_and_its_record_does_not_know(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	stand(b, "{}", 1);
	h = only_host(b);
	b->n_changed = 0;
	assert_ok(pool_kill(b->pools, &h, &b->f->e), &b->f->e);
	assert_int_equal(n_vms(b), 0);
	assert_int_equal(n_hosts(b, DB_HOST_UP), 1);
	assert_int_equal(b->n_changed, 0);
	/* The pool finds out as of any fault, and has another. */
	assert_true(reconcile_until(b, n_vms(b) == 1));
}

static void a_host_without_a_vm_cannot_be_killed(void **state)
{
	struct bench *b = *state;
	char id[] = "web-1", pool[] = POOL, none[] = "";
	const struct db_host h = { .id = id, .pool = pool, .vm_id = none };

	put_pool(b, "{}", 0);
	assert_int_equal(pool_kill(b->pools, &h, &b->f->e), ERR_CONFLICT);
	assert_non_null(strstr(b->f->e.msg, "host web-1 has no VM yet"));
}

static void a_cloud_that_refuses_says_why_and_the_vm_stays(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	stand(b, "{}", 1);
	h = only_host(b);
	write_script(b, "{\"faults\": [{\"op\": \"terminate\", \"kind\": \"error\"}]}");
	assert_true(pool_kill(b->pools, &h, &b->f->e) < 0);
	assert_non_null(strstr(b->f->e.msg, "driver fake"));
	assert_int_equal(n_vms(b), 1);
}

static void of_a_pool_that_is_no_more_nothing_is_ended(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	stand(b, "{}", 1);
	h = only_host(b);
	assert_ok(db_pool_delete(b->f->db, POOL, &b->f->e), &b->f->e);
	assert_int_equal(pool_kill(b->pools, &h, &b->f->e), ERR_NOT_FOUND);
	assert_int_equal(n_vms(b), 1);
}

static void a_cloud_that_is_left_alone_is_not_asked(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };
	json_int_t asked;

	b->opts.gates.failures = 1;
	b->opts.gates.open_first_ms = b->opts.gates.open_max_ms = 60000;
	restart(b);
	stand(b, "{}", 1);
	h = only_host(b);
	write_script(b, "{\"faults\": [{\"op\": \"terminate\", \"kind\": \"error\"}]}");
	assert_true(pool_kill(b->pools, &h, &b->f->e) < 0);
	asked = n_calls(b, "terminate");
	/* As many seconds as it is left alone for; the fault struck once. */
	assert_int_equal(pool_kill(b->pools, &h, &b->f->e), ERR_UNAVAIL);
	assert_non_null(strstr(b->f->e.msg, "driver fake: fake is left alone"));
	assert_non_null(strstr(b->f->e.msg, " s more"));
	assert_int_equal(n_calls(b, "terminate"), asked);
	assert_int_equal(n_vms(b), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(the_vm_is_gone_and_its_record_does_not_know),
		POOL_TEST(a_host_without_a_vm_cannot_be_killed),
		POOL_TEST(a_cloud_that_refuses_says_why_and_the_vm_stays),
		POOL_TEST(a_cloud_that_is_left_alone_is_not_asked),
		POOL_TEST(of_a_pool_that_is_no_more_nothing_is_ended),
	};

	return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}
