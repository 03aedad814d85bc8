/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Of deleted secrets nothing is kept, also when it could not be dropped at once. */
#include "kv_fixture.h"

#include "sql.h"

#define DB "/foretide/secrets/shop/db"
#define KEY "/foretide/secrets/shop/key"
#define PLAIN "/foretide/units/a"

static void del(struct world *w, const char *key)
{
	CLEANUP(free) char *k = b64(key);
	CLEANUP(free) char *body = xasprintf("{\"key\":\"%s\"}", k);

	assert_int_equal(call(w->kv, &all, "/v3/kv/deleterange", body, NULL), 200);
}

static size_t changes(struct world *w)
{
	struct kv_stats s;

	kv_stats(w->kv, &s);
	return s.changes;
}

static void run_sql(struct world *w, const char *text)
{
	struct db *db = w->f->db;

	pthread_mutex_lock(&db->write_lock);
	assert_int_equal(sqlite3_exec(db->writer->sql, text, NULL, NULL, NULL),
			 SQLITE_OK);
	pthread_mutex_unlock(&db->write_lock);
}

static void set_failing(struct world *w, bool fails)
{
	run_sql(w, fails ? "CREATE TEMP TRIGGER keep BEFORE DELETE ON kv_change BEGIN"
			   " SELECT RAISE(ABORT, 'kept'); END"
			 : "DROP TRIGGER keep");
}

static void put_all(struct world *w)
{
	static const char *const keys[] = { DB, KEY, PLAIN };

	for (size_t i = 0; i < 3; i++)
		for (int j = 0; j < 2; j++)
			assert_int_equal(put(w->kv, &all, keys[i], "x"), 200);
}

static void what_a_batch_deletes_is_forgotten(void **state)
{
	struct world *w = *state;

	put_all(w);
	assert_int_equal(changes(w), 6);
	del(w, PLAIN);
	assert_int_equal(changes(w), 7);
	del(w, DB);
	assert_int_equal(changes(w), 6);
	/* It is set again, and deleted again. */
	assert_int_equal(put(w->kv, &all, DB, "y"), 200);
	del(w, DB);
	assert_int_equal(changes(w), 6);
	kv_close(TAKE(w->kv));
	world_open(w, NULL);
	assert_int_equal(changes(w), 6);
}

static void what_could_not_be_dropped_is_dropped_later(void **state)
{
	struct world *w = *state;

	put_all(w);
	set_failing(w, true);
	del(w, DB);
	assert_int_equal(changes(w), 7);
	assert_int_equal(put(w->kv, &all, PLAIN, "z"), 200);
	assert_int_equal(changes(w), 8);
	set_failing(w, false);
	/* Any change that is written. */
	assert_int_equal(put(w->kv, &all, PLAIN, "z"), 200);
	assert_int_equal(changes(w), 7);
	/* A key that is not deleted keeps its history. */
	del(w, KEY);
	assert_int_equal(changes(w), 6);
}

static void what_a_crash_left_is_dropped_at_the_start(void **state)
{
	struct world *w = *state;

	put_all(w);
	set_failing(w, true);
	del(w, DB);
	kv_close(TAKE(w->kv));
	set_failing(w, false);
	world_open(w, NULL);
	assert_int_equal(changes(w), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KV_TEST(what_a_batch_deletes_is_forgotten),
		KV_TEST(what_could_not_be_dropped_is_dropped_later),
		KV_TEST(what_a_crash_left_is_dropped_at_the_start),
	};

	return cmocka_run_group_tests_name("forget", tests, NULL, NULL);
}
