/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's client on the built-in store, without HTTP. */
#include "check.h"
#include "own_store.h"
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct world {
	char dir[64];
	struct db *db;
	struct kv *kv;
	struct store_direct direct;
	struct store_sync *client;
};

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	char path[128];
	struct err e;

	strcpy(w->dir, "/tmp/foretide-own-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(path, sizeof(path), "%s/db", w->dir);
	assert_ok(db_open(path, &w->db, &e), &e);
	assert_ok(kv_open(w->db, NULL, &w->kv, &e), &e);
	w->direct = own_store(w->kv);
	assert_ok(store_sync_open(&(struct store_opts){ .direct = &w->direct },
				  &w->client, &e),
		  &e);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "db", "db-wal", "db-shm", "db.lock" };
	struct world *w = *state;

	store_sync_close(w->client);
	kv_close(w->kv);
	db_close(w->db);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", w->dir, names[i]);
		unlink(path);
	}
	rmdir(w->dir);
	free(w);
	return 0;
}

static void what_is_put_is_read(void **state)
{
	struct world *w = *state;
	CLEANUP(store_kvs_done) struct store_kvs kvs = { 0 };
	int64_t rev = 0;
	struct err e;

	assert_ok(store_sync_put(w->client, "/a", "1", 1, 0, &rev, &e), &e);
	assert_ok(store_sync_range(w->client, "/a", NULL, 0, 0, &kvs, &e), &e);
	assert_int_equal(kvs.n, 1);
	assert_string_equal(kvs.kvs[0].value, "1");
	assert_int_equal(kvs.kvs[0].mod_rev, rev);
}

static void an_error_of_the_store_is_the_callers(void **state)
{
	struct world *w = *state;
	struct err e;

	assert_int_equal(store_sync_put(w->client, "/a", "1", 1, 12345, NULL, &e),
			 ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "lease not found"));
	assert_true(store_is_reachable(store_sync_store(w->client)));
}

static void count_changes(void *arg, const struct mirror_change *changes, size_t n)
{
	(void)changes;
	*(size_t *)arg += n;
}

static void *put_many(void *arg)
{
	struct world *w = arg;
	const struct kv_access all = { .owner = "", .read_all = true, .write_all = true };

	for (int i = 0; i < 500; i++) {
		CLEANUP(buf_done) struct buf answer;
		char body[64];

		/* "/m/k" and a digit, in base64 */
		snprintf(body, sizeof(body), "{\"key\":\"L20va%cA=\",\"value\":\"%04d\"}",
			 "zDTj"[i % 4], i);
		assert_int_equal(
			kv_call(w->kv, "/v3/kv/put", body, strlen(body), &all, &answer),
			200);
	}
	return NULL;
}

static void a_mirror_follows_what_other_threads_write(void **state)
{
	struct world *w = *state;
	size_t changes = 0;
	struct mirror *m =
		mirror_new(store_sync_store(w->client), "/m/", count_changes, &changes);
	pthread_t t;
	struct kv_stats stats;

	while (!mirror_is_synced(m))
		loop_once(store_sync_loop(w->client), -1);
	assert_int_equal(pthread_create(&t, NULL, put_many, w), 0);
	while (mirror_rev(m) < 501)
		loop_once(store_sync_loop(w->client), -1);
	pthread_join(t, NULL);
	assert_true(changes >= 4);
	mirror_free(m);
	kv_stats(w->kv, &stats);
	assert_int_equal(stats.watches, 0);
}

static void a_client_may_go_while_it_watches(void **state)
{
	struct world *w = *state;
	struct kv_stats stats;
	size_t changes = 0;
	struct mirror *m =
		mirror_new(store_sync_store(w->client), "/m/", count_changes, &changes);

	while (!mirror_is_synced(m))
		loop_once(store_sync_loop(w->client), -1);
	mirror_free(m);
	kv_stats(w->kv, &stats);
	assert_int_equal(stats.watches, 0);
}

#define WORLD_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(what_is_put_is_read),
		WORLD_TEST(an_error_of_the_store_is_the_callers),
		WORLD_TEST(a_mirror_follows_what_other_threads_write),
		WORLD_TEST(a_client_may_go_while_it_watches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
