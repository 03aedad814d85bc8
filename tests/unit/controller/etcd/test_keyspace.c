/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The embedded store without HTTP: rights, batches, a database that fails. */
#include "kv.h"
#include "sql.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct fixture {
	char dir[64];
	struct db *db;
	struct kv *kv;
};

static void open_all(struct fixture *f, const struct kv_opts *opts)
{
	char path[128];
	struct err err;

	snprintf(path, sizeof(path), "%s/db", f->dir);
	assert_ok(db_open(path, &f->db, &err), &err);
	assert_ok(kv_open(f->db, opts, &f->kv, &err), &err);
}

static void close_all(struct fixture *f)
{
	kv_close(f->kv);
	db_close(f->db);
	f->kv = NULL;
	f->db = NULL;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/foretide-kv-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	open_all(f, NULL);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "db", "db-wal", "db-shm", "db.lock" };
	struct fixture *f = *state;

	close_all(f);
	for (size_t i = 0; i < 4; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static const struct kv_access all = { .owner = "", .read_all = true, .write_all = true };

/* Runs an operation given as JSON; its answer or the fault's words in text. */
static bool run(struct kv *kv, enum kv_op_kind kind, const char *json, char *text,
		size_t size)
{
	CLEANUP(json_decref) json_t *o = json_loads(json, 0, NULL);
	CLEANUP(kv_op_done) struct kv_op op = { 0 };
	CLEANUP(buf_done) struct buf to;
	const struct kv_fault *f;
	struct err err;

	assert_non_null(o);
	buf_init(&to, 1u << 20);
	assert_ok(kv_parse_op(o, kind, &op, &err), &err);
	f = kv_op_check(&op, &all);
	if (!f)
		f = kv_op_run(kv, &op, &all, &to);
	snprintf(text, size, "%s", f ? f->words : buf_str(&to));
	return f == NULL;
}

static void stats_are(struct kv *kv, int64_t rev, size_t keys, size_t changes)
{
	struct kv_stats s;

	kv_stats(kv, &s);
	assert_int_equal(s.rev, rev);
	assert_int_equal(s.keys, keys);
	assert_int_equal(s.changes, changes);
}

/* ---------------------------------------------------------------- rights */

static bool may(const char *const *rules, const char *key, const char *end)
{
	char k[100], e[100];
	struct kv_access a = { .owner = "x", .read = rules };
	struct kv_bytes key_bytes = { k, strlen(key) };
	struct kv_bytes end_bytes = { e, strlen(end) };

	strcpy(k, key);
	strcpy(e, end);
	return kv_may(&a, false, &key_bytes, &end_bytes);
}

static void a_prefix_rule_covers_ranges_inside_it(void **state)
{
	static const char *const rules[] = { "/a/b/", NULL };

	(void)state;
	assert_true(may(rules, "/a/b/", ""));
	assert_true(may(rules, "/a/b/c", ""));
	assert_true(may(rules, "/a/b/", "/a/b0"));
	assert_true(may(rules, "/a/b/c", "/a/b/d"));
	assert_true(may(rules, "/a/b/c", "/a/b/"));
	assert_false(may(rules, "/a/b", ""));
	assert_false(may(rules, "/a/b", "/a/b0"));
	assert_false(may(rules, "/a/bb", ""));
	assert_false(may(rules, "/a/b/", "/a/b1"));
	assert_false(may(rules, "/a/b/", "/a/b00"));
	assert_false(may(rules, "/a/b/", "/a/c"));
	assert_false(may(rules, "/a/b/", "/b"));
	assert_false(may(rules, "/a/b/", "b"));
	assert_false(may(NULL, "/a/b/", ""));
}

static void no_end_at_all_is_outside_every_prefix(void **state)
{
	static const char *const rules[] = { "/a/", NULL };
	struct kv_access a = { .owner = "x", .read = rules };
	char key[] = "/a/b", end[] = { 0 };

	(void)state;
	assert_false(kv_may(&a, false, &(struct kv_bytes){ key, 4 },
			    &(struct kv_bytes){ end, 1 }));
}

static void a_key_rule_covers_that_key_only(void **state)
{
	static const char *const rules[] = { "/a", "", NULL };

	(void)state;
	assert_true(may(rules, "/a", ""));
	assert_false(may(rules, "/ab", ""));
	assert_false(may(rules, "/a", "/b"));
	assert_false(may(rules, "/a/", ""));
	assert_false(may(rules, "/", ""));
}

static void paths_are_the_stores_or_not(void **state)
{
	(void)state;
	assert_true(kv_handles("/v3/kv/range"));
	assert_true(kv_handles("/v3beta/watch"));
	assert_true(kv_handles("/health"));
	assert_true(kv_handles("/version"));
	assert_false(kv_handles("/v3"));
	assert_false(kv_handles("/v3x/kv/range"));
	assert_false(kv_handles("/v1/tiers"));
	assert_false(kv_handles("/healthz"));
}

/* ---------------------------------------------------------------- batches */

#define PUT_A "{\"key\":\"YQ==\",\"value\":\"MQ==\"}"
#define PUT_AB                                                                   \
	"{\"success\":[{\"request_put\":{\"key\":\"YQ==\",\"value\":\"Mg==\"}}," \
	"{\"request_put\":{\"key\":\"Yg==\",\"value\":\"Mg==\"}}]}"

static void a_database_that_fails_leaves_the_memory_as_it_was(void **state)
{
	struct fixture *f = *state;
	char text[1000], before[1000], after[1000];

	assert_true(run(f->kv, KV_PUT, PUT_A, text, sizeof(text)));
	assert_true(run(f->kv, KV_RANGE, "{\"key\":\"AA==\",\"range_end\":\"AA==\"}",
			before, sizeof(before)));
	pthread_mutex_lock(&f->db->write_lock);
	assert_int_equal(
		sqlite3_exec(f->db->writer->sql, "PRAGMA query_only=1", NULL, NULL, NULL),
		SQLITE_OK);
	pthread_mutex_unlock(&f->db->write_lock);

	assert_false(run(f->kv, KV_TXN, PUT_AB, text, sizeof(text)));
	assert_string_equal(text, kv_db_failed.words);
	assert_false(run(f->kv, KV_DELETE, PUT_A, text, sizeof(text)));
	assert_true(run(f->kv, KV_RANGE, "{\"key\":\"AA==\",\"range_end\":\"AA==\"}",
			after, sizeof(after)));
	assert_string_equal(before, after);
	stats_are(f->kv, 2, 1, 1);

	pthread_mutex_lock(&f->db->write_lock);
	sqlite3_exec(f->db->writer->sql, "PRAGMA query_only=0", NULL, NULL, NULL);
	pthread_mutex_unlock(&f->db->write_lock);
	assert_true(run(f->kv, KV_TXN, PUT_AB, text, sizeof(text)));
	stats_are(f->kv, 3, 2, 3);
}

static void memory_is_given_back_by_compaction(void **state)
{
	struct fixture *f = *state;
	struct kv_stats empty, s;
	char text[1000];

	kv_stats(f->kv, &empty);
	for (int i = 0; i < 100; i++)
		assert_true(run(f->kv, KV_PUT, PUT_A, text, sizeof(text)));
	assert_true(run(f->kv, KV_DELETE, "{\"key\":\"YQ==\"}", text, sizeof(text)));
	pthread_mutex_lock(&f->kv->lock);
	assert_null(kv_compact(f->kv, f->kv->rev));
	pthread_mutex_unlock(&f->kv->lock);
	kv_stats(f->kv, &s);
	assert_int_equal(s.bytes, empty.bytes);
	stats_are(f->kv, 102, 0, 0);

	/* Nothing is left in the database either, but the revision is. */
	close_all(f);
	open_all(f, NULL);
	stats_are(f->kv, 102, 0, 0);
	kv_stats(f->kv, &s);
	assert_int_equal(s.compacted, 102);
}

static void history_is_compacted_by_itself(void **state)
{
	struct fixture *f = *state;
	struct kv_opts opts = { .keep_changes = 10 };
	struct kv_stats s;
	char text[1000];

	close_all(f);
	open_all(f, &opts);
	for (int i = 0; i < 1000; i++) {
		assert_true(run(f->kv, KV_PUT, PUT_A, text, sizeof(text)));
		kv_stats(f->kv, &s);
		assert_true(s.changes <= 21);
	}
	assert_true(s.rev == 1001 && s.compacted >= 1001 - 21);
	/* What is in memory is what is in the database. */
	close_all(f);
	open_all(f, &opts);
	stats_are(f->kv, 1001, 1, s.changes);
}

static void a_new_store_is_at_revision_one(void **state)
{
	struct fixture *f = *state;
	char text[1000];

	stats_are(f->kv, 1, 0, 0);
	assert_true(run(f->kv, KV_PUT, PUT_A, text, sizeof(text)));
	assert_non_null(strstr(text, "\"revision\":\"2\""));
}

static void nesting_has_an_end(void **state)
{
	CLEANUP(buf_done) struct buf b;
	CLEANUP(kv_op_done) struct kv_op op = { 0 };
	json_t *o;
	struct err err;

	(void)state;
	buf_init(&b, 100000);
	for (int i = 0; i < 100; i++)
		buf_puts(&b, "{\"success\":[{\"request_txn\":");
	buf_puts(&b, "{}");
	for (int i = 0; i < 100; i++)
		buf_puts(&b, "}]}");
	o = json_loads(buf_str(&b), 0, NULL);
	assert_non_null(o);
	assert_int_equal(kv_parse_op(o, KV_TXN, &op, &err), ERR_INVAL);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		cmocka_unit_test(a_prefix_rule_covers_ranges_inside_it),
		cmocka_unit_test(no_end_at_all_is_outside_every_prefix),
		cmocka_unit_test(a_key_rule_covers_that_key_only),
		cmocka_unit_test(paths_are_the_stores_or_not),
		cmocka_unit_test(nesting_has_an_end),
		T(a_database_that_fails_leaves_the_memory_as_it_was),
		T(memory_is_given_back_by_compaction),
		T(history_is_compacted_by_itself),
		T(a_new_store_is_at_revision_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
