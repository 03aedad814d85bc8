/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The address of a host before it joins: by it a machine that asks which host it is is
 * told. */
#include "pool_bench.h"

static struct bench *with_machines(void **state, const char *text)
{
	struct bench *b = *state;
	CLEANUP(free) char *machines = xasprintf("%s/cloud.json", b->cloud);
	CLEANUP(free) char *given = xasprintf("%s.given", b->f->dir);
	struct db_pool p = {
		.name = (char *)(uintptr_t)POOL,
		.driver = (char *)(uintptr_t) "static",
		.profile = (char *)(uintptr_t) "static",
		.max = 8,
		.config_json = (char *)(uintptr_t) "{}",
	};
	FILE *f = fopen(machines, "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	json_object_set_new(
		b->options, "static",
		json_pack("{s:s, s:s}", "machines", machines, "state_dir", given));
	assert_ok(db_pool_put(b->f->db, &p, &b->f->e), &b->f->e);
	assert_ok(db_pool_want(b->f->db, POOL, 1, &b->f->e), &b->f->e);
	return b;
}

static void it_is_that_of_the_list_where_machines_ask(void **state)
{
	struct bench *b = with_machines(
		state, "[one]\naddress = 192.0.2.7\ncpu = 1\nmemory = 1G\n");
	CLEANUP(db_host_done) struct db_host h = { 0 };

	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	once(b);
	h = only_host(b);
	assert_string_equal(h.address, "192.0.2.7");
	assert_true(strncmp(h.vm_id, "one/", 4) == 0);
	/* What the host says of itself when it joins is not overruled. */
	assert_ok(db_host_join(b->f->db, h.id, h.join_token_hash, "192.0.2.8", "1", 1,
			       &b->f->e),
		  &b->f->e);
	once(b);
	db_host_done(&h);
	h = only_host(b);
	assert_string_equal(h.address, "192.0.2.8");
}

static void it_is_not_that_of_another_host(void **state)
{
	struct bench *b = with_machines(
		state, "[one]\naddress = 192.0.2.7\ncpu = 1\nmemory = 1G\n");
	const struct db_host other = {
		.id = (char *)(uintptr_t) "other",
		.pool = (char *)(uintptr_t) "other",
		.launch_id = (char *)(uintptr_t)ORPHAN,
		.state = DB_HOST_UP,
		.address = (char *)(uintptr_t) "192.0.2.7",
	};
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	assert_ok(db_host_put(b->f->db, &other, &b->f->e), &b->f->e);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	once(b);
	assert_ok(db_host_list(b->f->db, &(struct db_host_filter){ .pool = POOL }, &l,
			       &b->f->e),
		  &b->f->e);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].address, "");
}

static void elsewhere_it_is_known_when_the_host_joins(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	put_pool(b, "{}", 1);
	assert_true(reconcile_until(b, n_hosts(b, DB_HOST_BOOTING) == 1));
	once(b);
	h = only_host(b);
	assert_string_equal(h.address, "");
}

static int without_machines(void **state)
{
	const struct bench *b = *state;
	static const char *const files[] = { "machines.json", "machines.lock", "" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		CLEANUP(free) char *path = xasprintf("%s.given/%s", b->f->dir, files[i]);

		(void)remove(path);
	}
	return teardown(state);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, without_machines)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_that_of_the_list_where_machines_ask),
		TEST(it_is_not_that_of_another_host),
		TEST(elsewhere_it_is_known_when_the_host_joins),
	};

	return cmocka_run_group_tests_name("standby_address", tests, NULL, NULL);
}
