/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VM that was listed and vanishes before its host has joined. */
#include "pool_bench.h"

/* Three that boot, in lists; then the cloud loses one. */
static void lose_one_of_three(struct bench *b)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", b->cloud);

	put_pool(b, "{}", 3);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 3));
	once(b);
	doc = cloud_doc(b);
	assert_int_equal(json_array_remove(json_object_get(doc, "vms"), 0), 0);
	assert_int_equal(json_dump_file(doc, path, 0), 0);
	assert_int_equal(n_vms(b), 2);
}

static size_t n_failed(const struct bench *b, const char *words)
{
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	size_t n = 0;

	assert_ok(db_event_list(b->f->db,
				&(struct db_event_filter){ .kind = "host-failed" }, &l,
				&b->f->e),
		  &b->f->e);
	for (size_t i = 0; i < l.n; i++)
		n += strstr(l.v[i].message, words) != NULL;
	return n;
}

static void it_is_replaced_without_waiting_for_it_to_join(void **state)
{
	struct bench *b = *state;

	lose_one_of_three(b);
	assert_true(reconcile_until(b, n_vms(b) == 3));
	assert_int_equal(n_calls(b, "launch"), 4);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 3);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_GONE) == 1));
	assert_int_equal(n_failed(b, "its VM is listed no more, before it joined"), 1);
}

static void one_that_is_heard_is_not(void **state)
{
	struct bench *b = *state;

	b->voice = POOL_HEARD;
	lose_one_of_three(b);
	for (int i = 0; i < 10; i++)
		once(b);
	assert_int_equal(n_calls(b, "launch"), 3);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 3);
}

static void nor_is_one_that_a_single_list_lacks(void **state)
{
	struct bench *b = *state;

	put_pool(b, "{}", 3);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 3));
	once(b);
	write_script(b, "{\"faults\": [{\"op\": \"list\", \"kind\": \"omit\"}]}");
	for (int i = 0; i < 10; i++)
		once(b);
	assert_int_equal(n_calls(b, "launch"), 3);
	assert_int_equal(n_hosts(b, DB_HOST_BOOTING), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(it_is_replaced_without_waiting_for_it_to_join),
		POOL_TEST(one_that_is_heard_is_not),
		POOL_TEST(nor_is_one_that_a_single_list_lacks),
	};

	return cmocka_run_group_tests_name("before_join", tests, NULL, NULL);
}
