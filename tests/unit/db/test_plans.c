/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What upkeep and each round ask of full tables, and that the look at plans, which is
 * part of every test with a database, finds what it is for.
 */
#include "db_fixture.h"

#define OLD_MS ((int64_t)1000)
#define NOW_MS (OLD_MS + INT64_C(200) * 86400000)

static bool is_scan_allowed(struct fixture *f, const char *sql)
{
	CLEANUP(free) char *text = xasprintf("EXPLAIN QUERY PLAN %s", sql);
	bool is_allowed = true;
	sqlite3_stmt *q = NULL;

	assert_int_equal(sqlite3_prepare_v2(f->db->writer->sql, text, -1, &q, NULL),
			 SQLITE_OK);
	while (sqlite3_step(q) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(q, 3);

		if (strncmp(step, "SCAN ", strlen("SCAN ")) == 0)
			is_allowed &= db_scan_is_allowed(step, sql);
	}
	sqlite3_finalize(q);
	return is_allowed;
}

static void a_look_at_a_whole_table_is_found(void **state)
{
	struct fixture *f = *state;

	assert_false(is_scan_allowed(f, "SELECT 1 FROM host WHERE vm_id = ?1"));
	assert_false(is_scan_allowed(f, "UPDATE host SET state = 'up' WHERE vm_id = ?1"));
	assert_false(is_scan_allowed(f, "DELETE FROM event WHERE message = ?1"));
	assert_false(is_scan_allowed(f, "SELECT 1 FROM sample_chunk WHERE t1_ms < ?1"));
	assert_false(is_scan_allowed(f, "SELECT 1 FROM unit WHERE message = ?1"));
	assert_true(is_scan_allowed(f, "SELECT 1 FROM host WHERE id = ?1"));
	assert_true(is_scan_allowed(f, "SELECT 1 FROM event WHERE host = ?1"));
}

static void add_host(struct fixture *f, int i, enum db_host_state state)
{
	char id[32], launch[32];
	const struct db_host h = { .id = id,
				   .pool = (char *)(uintptr_t) "web",
				   .launch_id = launch,
				   .state = DB_HOST_REQUESTED };
	const struct db_launch l = { .launch_id = launch,
				     .pool = (char *)(uintptr_t) "web",
				     .host = id,
				     .state = DB_LAUNCH_INTENDED,
				     .updated_ms = OLD_MS };

	snprintf(id, sizeof(id), "web-%08x", (unsigned)i);
	snprintf(launch, sizeof(launch), "l-%08x", (unsigned)i);
	assert_ok(db_launch_intend(f->db, &l, &h, &f->e), &f->e);
	assert_ok(db_launch_set(f->db, launch, DB_LAUNCH_DONE, "vm", NULL, OLD_MS, &f->e),
		  &f->e);
	assert_ok(db_host_set_state(f->db, id, state, "", OLD_MS, &f->e), &f->e);
}

static void maintain(struct fixture *f)
{
	bool more = true;

	while (more)
		assert_ok(db_maintain(f->db, NOW_MS, 1000, &more, &f->e), &f->e);
}

static void launches_and_hosts_go_but_those_that_are_there(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_host_list_done) struct db_host_list hosts = { 0 };
	CLEANUP(db_launch_done) struct db_launch launch = { 0 };

	/* More than a slice of them. */
	for (int i = 0; i < 1200; i++)
		add_host(f, i, i % 100 == 7 ? DB_HOST_UP : DB_HOST_GONE);
	maintain(f);
	assert_ok(db_host_list(f->db, NULL, &hosts, &f->e), &f->e);
	assert_int_equal(hosts.n, 12);
	assert_string_equal(hosts.v[0].id, "web-00000007");
	assert_ok(db_launch_get(f->db, hosts.v[11].launch_id, &launch, &f->e), &f->e);
	assert_int_equal(db_launch_get(f->db, "l-00000000", &launch, &f->e),
			 ERR_NOT_FOUND);
}

static int64_t present(struct fixture *f)
{
	int64_t n = 0;

	assert_ok(db_host_count(f->db, &n, &f->e), &f->e);
	return n;
}

/* The index of those that are there follows their states. */
static void hosts_that_are_there_are_listed_by_pool(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };
	const struct db_host_filter of_pool = { .pool = "web", .present = true };

	for (int i = 0; i < 10; i++)
		add_host(f, i, i % 2 ? DB_HOST_UP : DB_HOST_FAILED);
	assert_int_equal(present(f), 5);
	assert_ok(
		db_host_set_state(f->db, "web-00000001", DB_HOST_GONE, "", NOW_MS, &f->e),
		&f->e);
	assert_int_equal(present(f), 4);
	assert_ok(db_host_list(f->db, &of_pool, &l, &f->e), &f->e);
	assert_int_equal(l.n, 4);
	assert_string_equal(l.v[0].id, "web-00000003");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_look_at_a_whole_table_is_found),
		DB_TEST(launches_and_hosts_go_but_those_that_are_there),
		DB_TEST(hosts_that_are_there_are_listed_by_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
