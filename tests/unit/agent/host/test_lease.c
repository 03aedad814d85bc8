/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's lease and what is kept under it, on the built-in store with a host's rights.
 */
#include "db_fixture.h"

#include "clock.h"
#include "etcd.h"
#include "lease.h"
#include "net.h"
#include "store.h"

#include <stdatomic.h>

#define OWN "/foretide/hosts/h1"
#define RECORD "/skydns/local/shop/web/web-1-80"
#define VALUE "{\"host\":\"10.0.0.1\",\"port\":80}"

struct world {
	struct fixture *db;
	struct kv *kv;
	struct store_direct direct;
	struct store_opts opts;
	struct loop *loop;
	struct store *store;
	struct lease *lease;
	size_t righted;
	char why[200];
};

/* ---------------------------------------------------------------- the host's calls */

static atomic_uint n_refused; /* of the host's calls */

static unsigned call(void *arg, const char *path, const char *body, size_t len,
		     struct buf *answer)
{
	CLEANUP(kv_host_access_done) struct kv_host_access host;
	unsigned status;

	kv_host_access(arg, "h1", &host);
	status = kv_call(arg, path, body, len, &host.access, answer);
	n_refused += status == 403;
	return status;
}

static unsigned watch(void *arg, const char *body, size_t len, void (*wake)(void *),
		      void *wake_arg, void **ret, struct buf *answer)
{
	(void)arg, (void)body, (void)len, (void)wake, (void)wake_arg, (void)ret;
	(void)answer;
	fail_msg("the lease watches nothing");
	return 500;
}

static ssize_t read_watch(void *w, char *data, size_t max)
{
	(void)w, (void)data, (void)max;
	return -1;
}

static void close_watch(void *w)
{
	(void)w;
}

static void grant(struct world *w, bool has_record)
{
	const struct kv_record record = { RECORD, VALUE };

	kv_set_rights(w->kv, &(struct kv_rights){ .host = "h1",
						  .records = &record,
						  .n_records = has_record });
}

/* ---------------------------------------------------------------- others' calls */

static void as_admin(struct world *w, const char *path, const char *key,
		     const char *value)
{
	const struct kv_access all = { .owner = "", .read_all = true, .write_all = true };
	CLEANUP(buf_done) struct buf body;
	CLEANUP(buf_done) struct buf answer;

	buf_init(&body, 10000);
	ejson_open(&body, NULL, '{');
	ejson_add_bytes(&body, "key", key, strlen(key));
	if (value)
		ejson_add_bytes(&body, "value", value, strlen(value));
	ejson_close(&body, '}');
	assert_int_equal(kv_call(w->kv, path, buf_str(&body), body.len, &all, &answer),
			 200);
}

/* What is under the key; "" when nothing is. The caller frees. */
static char *stored(struct world *w, const char *key)
{
	const struct kv_access all = { .owner = "", .read_all = true };
	CLEANUP(buf_done) struct buf body;
	CLEANUP(buf_done) struct buf answer;
	CLEANUP(json_decref) json_t *doc = NULL;
	char *value;
	size_t n;

	buf_init(&body, 10000);
	ejson_open(&body, NULL, '{');
	ejson_add_bytes(&body, "key", key, strlen(key));
	ejson_close(&body, '}');
	assert_int_equal(
		kv_call(w->kv, "/v3/kv/range", buf_str(&body), body.len, &all, &answer),
		200);
	doc = json_loads(buf_str(&answer), 0, NULL);
	assert_int_equal(ejson_read_bytes(json_array_get(json_object_get(doc, "kvs"), 0),
					  "value", &value, &n, NULL),
			 0);
	return value;
}

static bool is_stored(struct world *w, const char *key, const char *value)
{
	CLEANUP(free) char *is = stored(w, key);

	return strcmp(is, value) == 0;
}

/* ---------------------------------------------------------------- the world */

/* Runs the loop until the key has the value, or fails. */
static void wait_stored(struct world *w, const char *key, const char *value)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (!is_stored(w, key, value)) {
		if (clock_mono_ms() > until)
			fail_msg("%s is not %s", key, value);
		loop_once(w->loop, 20);
	}
}

static void wait_righted(struct world *w, size_t n)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (w->righted < n) {
		assert_true(clock_mono_ms() < until);
		loop_once(w->loop, 20);
	}
}

static bool on_found(void *arg, const char *key)
{
	(void)arg, (void)key;
	return false;
}

static void on_put_right(void *arg, const char *key, const char *why)
{
	struct world *w = arg;

	(void)key;
	w->righted++;
	snprintf(w->why, sizeof(w->why), "%s", why);
}

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct err e;

	fixture_setup((void **)&w->db);
	assert_ok(kv_open(w->db->db, NULL, &w->kv, &e), &e);
	w->direct = (struct store_direct){ .arg = w->kv,
					   .call = call,
					   .watch = watch,
					   .read = read_watch,
					   .close = close_watch };
	w->opts = (struct store_opts){ .direct = &w->direct };
	assert_ok(loop_new(&w->loop, &e), &e);
	assert_ok(store_open(w->loop, &w->opts, &w->store, &e), &e);
	assert_ok(lease_new(w->loop, w->store,
			    &(struct lease_opts){ .ttl_s = 600,
						  .look_ms = 100,
						  .store = &w->opts,
						  .found = on_found,
						  .put_right = on_put_right,
						  .arg = w },
			    &w->lease, &e),
		  &e);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	lease_free(w->lease);
	store_close(w->store);
	loop_free(w->loop);
	kv_close(w->kv);
	fixture_teardown((void **)&w->db);
	free(w);
	return 0;
}

/* ---------------------------------------------------------------- tests */

static void a_key_has_the_value_that_was_set_last(void **state)
{
	struct world *w = *state;

	lease_set(w->lease, OWN, "{\"a\":1}");
	lease_set(w->lease, OWN, "{\"a\":2}");
	wait_stored(w, OWN, "{\"a\":2}");
	lease_unset(w->lease, OWN);
	wait_stored(w, OWN, "");
}

static void what_others_did_to_a_key_is_found_and_put_right(void **state)
{
	struct world *w = *state;

	lease_set(w->lease, OWN, "{}");
	wait_stored(w, OWN, "{}");
	as_admin(w, "/v3/kv/deleterange", OWN, NULL);
	wait_righted(w, 1);
	assert_string_equal(w->why, "it is not in the store");
	wait_stored(w, OWN, "{}");
	as_admin(w, "/v3/kv/put", OWN, "{\"evil\":1}");
	wait_righted(w, 2);
	assert_string_equal(w->why, "it is not under this host's lease");
	wait_stored(w, OWN, "{}");
}

static void what_is_refused_is_put_when_there_is_a_right(void **state)
{
	struct world *w = *state;
	const int64_t until = clock_mono_ms() + PATIENCE_MS;

	grant(w, false);
	n_refused = 0;
	lease_set(w->lease, RECORD, VALUE);
	while (n_refused < 2 && clock_mono_ms() < until)
		loop_once(w->loop, 20);
	assert_true(n_refused >= 2); /* it was asked for, and again */
	assert_true(is_stored(w, RECORD, ""));
	grant(w, true);
	wait_stored(w, RECORD, VALUE);
	assert_int_equal(w->righted, 0);
}

static void a_record_is_taken_back_also_without_a_right(void **state)
{
	struct world *w = *state;

	grant(w, true);
	lease_set(w->lease, RECORD, VALUE);
	wait_stored(w, RECORD, VALUE);
	grant(w, false);
	lease_unset(w->lease, RECORD);
	wait_stored(w, RECORD, "");
}

/* One that somebody else has put in its place is let alone, and not asked for again. */
static void what_is_not_ours_any_more_is_forgotten(void **state)
{
	struct world *w = *state;
	const char *theirs = "{\"host\":\"10.0.0.9\"}";

	grant(w, true);
	lease_set(w->lease, RECORD, VALUE);
	wait_stored(w, RECORD, VALUE);
	grant(w, false);
	as_admin(w, "/v3/kv/put", RECORD, theirs);
	lease_unset(w->lease, RECORD);
	lease_set(w->lease, OWN, "{}");
	wait_stored(w, OWN, "{}");
	assert_true(is_stored(w, RECORD, theirs));
}

#define WORLD_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_key_has_the_value_that_was_set_last),
		WORLD_TEST(what_others_did_to_a_key_is_found_and_put_right),
		WORLD_TEST(what_is_refused_is_put_when_there_is_a_right),
		WORLD_TEST(a_record_is_taken_back_also_without_a_right),
		WORLD_TEST(what_is_not_ours_any_more_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
