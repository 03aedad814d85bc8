/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watches as the controller sees them: whose are open, and who has hung up. */
#include "db_fixture.h"

#include "etcd.h"

#define BODY "{\"create_request\": {\"key\": \"L2ZvcmV0aWRlL2hvc3RzL2Ex\"}}"

static void note(void *arg, const char *owner)
{
	snprintf(arg, 16, "%s", owner);
}

static void no_wake(void *arg)
{
	(void)arg;
}

static struct kv_watch *open_watch(struct kv *kv, const char *owner)
{
	const struct kv_access access = { .owner = owner, .read_all = true };
	const struct kv_reader reader = { .wake = no_wake };
	CLEANUP(buf_done) struct buf answer;
	struct kv_watch *w = NULL;

	assert_int_equal(
		kv_watch_open(kv, BODY, strlen(BODY), &access, &reader, &w, &answer),
		MHD_HTTP_OK);
	return w;
}

static void a_host_is_watching_until_its_last_watch_ends(void **state)
{
	struct fixture *f = *state;
	CLEANUP(kv_close) struct kv *kv = NULL;
	char gone[16] = "";
	const struct kv_opts opts = { .hung_up = note, .arg = gone };
	struct kv_watch *first, *second;

	assert_ok(kv_open(f->db, &opts, &kv, &f->e), &f->e);
	assert_false(kv_is_watched(kv, "a1"));
	first = open_watch(kv, "a1");
	second = open_watch(kv, "a1");
	kv_watch_close(first);
	assert_string_equal(gone, "a1");
	assert_true(kv_is_watched(kv, "a1"));
	assert_false(kv_is_watched(kv, "a"));
	kv_watch_close(second);
	assert_false(kv_is_watched(kv, "a1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_host_is_watching_until_its_last_watch_ends, fixture_setup,
			fixture_teardown),
	};

	return cmocka_run_group_tests_name("watches", tests, NULL, NULL);
}
