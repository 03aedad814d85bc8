/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes in the database: one that fails, compaction, a new store. */
#include "clock.h"
#include "db_fail.h"
#include "lease.h"
#include "persist.h"
#include "test.h"
#include "txn.h"
#include "validate.h"

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
	db_fail_writes(f->db, true);
	assert_false(run(f->kv, KV_TXN, PUT_AB, text, sizeof(text)));
	assert_string_equal(text, kv_db_failed.words);
	assert_false(run(f->kv, KV_DELETE, PUT_A, text, sizeof(text)));
	assert_true(run(f->kv, KV_RANGE, "{\"key\":\"AA==\",\"range_end\":\"AA==\"}",
			after, sizeof(after)));
	assert_string_equal(before, after);
	stats_are(f->kv, 2, 1, 1);

	db_fail_writes(f->db, false);
	assert_true(run(f->kv, KV_TXN, PUT_AB, text, sizeof(text)));
	stats_are(f->kv, 3, 2, 3);
}

/* Each change tries again. */
static void a_compaction_that_fails_is_logged_once(void **state)
{
	struct fixture *f = *state;
	char text[1000];

	for (int i = 0; i < 3; i++)
		assert_true(run(f->kv, KV_PUT, PUT_A, text, sizeof(text)));
	db_fail_writes(f->db, true);
	pthread_mutex_lock(&f->kv->lock);
	for (int i = 0; i < 20; i++)
		assert_ptr_equal(kv_compact(f->kv, f->kv->space.rev), &kv_db_failed);
	assert_int_equal(f->kv->compaction_fails.n, 20);
	assert_int_equal(f->kv->compaction_fails.logged_n, 1);
	pthread_mutex_unlock(&f->kv->lock);
	stats_are(f->kv, 4, 1, 3);
	db_fail_writes(f->db, false);
	pthread_mutex_lock(&f->kv->lock);
	assert_null(kv_compact(f->kv, f->kv->space.rev));
	assert_int_equal(f->kv->compaction_fails.n, 0);
	pthread_mutex_unlock(&f->kv->lock);
	stats_are(f->kv, 4, 1, 1);
}

/* An expired lease is tried again each second, and so is each of many. */
static void leases_that_cannot_end_are_logged_once(void **state)
{
	struct fixture *f = *state;
	const struct kv_lease *l;

	pthread_mutex_lock(&f->kv->lock);
	for (int i = 0; i < 10; i++)
		assert_null(kv_lease_grant(f->kv, 600, 0, &all, &l));
	pthread_mutex_unlock(&f->kv->lock);
	db_fail_writes(f->db, true);
	pthread_mutex_lock(&f->kv->lock);
	(void)kv_lease_expire(f->kv, clock_mono_ms() + 700000);
	assert_int_equal(f->kv->n_leases, 10);
	assert_true(f->kv->write_fails.n >= 10);
	assert_int_equal(f->kv->write_fails.logged_n, 1);
	pthread_mutex_unlock(&f->kv->lock);
	db_fail_writes(f->db, false);
}

static void memory_is_freed_by_compaction(void **state)
{
	struct fixture *f = *state;
	struct kv_stats empty, s;
	char text[1000];

	kv_stats(f->kv, &empty);
	for (int i = 0; i < 100; i++)
		assert_true(run(f->kv, KV_PUT, PUT_A, text, sizeof(text)));
	assert_true(run(f->kv, KV_DELETE, "{\"key\":\"YQ==\"}", text, sizeof(text)));
	pthread_mutex_lock(&f->kv->lock);
	assert_null(kv_compact(f->kv, f->kv->space.rev));
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

static void history_is_compacted_automatically(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_database_that_fails_leaves_the_memory_as_it_was),
		T(a_compaction_that_fails_is_logged_once),
		T(leases_that_cannot_end_are_logged_once),
		T(memory_is_freed_by_compaction),
		T(history_is_compacted_automatically),
		T(a_new_store_is_at_revision_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
