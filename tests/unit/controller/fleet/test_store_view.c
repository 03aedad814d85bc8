/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mirrors of the store for other threads, against the embedded store. */
#include "daemon_fixture.h"

static bool is_ok(struct house *h, bool want)
{
	struct view_status s;

	view_status(h->d.view, &s);
	return s.ok == want;
}

static void what_is_written_is_there_once_it_was_waited_for(void **state)
{
	struct house *h = *state;
	CLEANUP(view_snapshot_done) struct view_snapshot s = { 0 };
	const struct view_kv *kv;
	struct err e;

	house_put(h, "/foretide/hosts/b", "two");
	house_open_view(h);
	assert_ok(view_wait(h->d.view, house_put(h, "/foretide/hosts/a", "one"),
			    PATIENCE_MS, &e),
		  &e);
	/* What was read is not followed yet. */
	assert_true(house_until(is_ok(h, true)));
	view_snapshot(h->d.view, "/foretide/", &s);
	assert_true(s.has_copy && s.is_synced);
	assert_int_equal(s.stale_ms, 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.kvs[0].key, "/foretide/hosts/a");
	kv = view_find(&s, "/foretide/hosts/b");
	assert_non_null(kv);
	assert_string_equal(kv->value, "two");
	assert_int_equal(kv->len, 3);
	assert_null(view_find(&s, "/foretide/hosts/c"));
	assert_true(h->changes > 0);
}

static bool has_key(struct house *h, const char *prefix, const char *key)
{
	CLEANUP(view_snapshot_done) struct view_snapshot s = { 0 };

	view_snapshot(h->d.view, prefix, &s);
	return view_find(&s, key) != NULL;
}

static void services_are_looked_at_apart(void **state)
{
	struct house *h = *state;
	CLEANUP(view_snapshot_done) struct view_snapshot hosts = { 0 };
	CLEANUP(view_snapshot_done) struct view_snapshot narrow = { 0 };

	house_open_view(h);
	house_put(h, "/skydns/local/web/1", "{}");
	house_put(h, "/foretide/units/1", "x");
	house_put(h, "/foretide/states/1", "x");
	assert_true(house_until(has_key(h, "/skydns/", "/skydns/local/web/1")));
	assert_true(house_until(has_key(h, "/foretide/", "/foretide/states/1")));
	view_snapshot(h->d.view, "/foretide/", &hosts);
	assert_int_equal(hosts.n, 2);
	view_snapshot(h->d.view, "/foretide/units/", &narrow);
	assert_int_equal(narrow.n, 1);
}

static void a_snapshot_is_a_copy_that_stays_as_it_was(void **state)
{
	struct house *h = *state;
	CLEANUP(view_snapshot_done) struct view_snapshot s = { 0 };
	struct err e;

	house_open_view(h);
	assert_ok(
		view_wait(h->d.view, house_put(h, "/foretide/a", "old"), PATIENCE_MS, &e),
		&e);
	view_snapshot(h->d.view, "/foretide/", &s);
	assert_ok(
		view_wait(h->d.view, house_put(h, "/foretide/a", "new"), PATIENCE_MS, &e),
		&e);
	assert_string_equal(view_find(&s, "/foretide/a")->value, "old");
}

static void a_revision_that_does_not_come_is_not_waited_for_for_ever(void **state)
{
	struct house *h = *state;
	struct err e;

	house_open_view(h);
	assert_int_equal(
		view_wait(h->d.view, house_put(h, "/foretide/a", "x") + 1000, 20, &e),
		ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "did not confirm revision"));
}

static bool is_synced(struct house *h)
{
	CLEANUP(view_snapshot_done) struct view_snapshot s = { 0 };

	view_snapshot(h->d.view, "/foretide/", &s);
	return s.is_synced;
}

static void a_store_that_went_away_leaves_what_was_known(void **state)
{
	struct house *h = *state;
	CLEANUP(view_snapshot_done) struct view_snapshot s = { 0 };
	struct view_status status;
	struct err e;

	house_open_view(h);
	assert_ok(view_wait(h->d.view, house_put(h, "/foretide/a", "x"), PATIENCE_MS, &e),
		  &e);
	assert_true(house_until(is_ok(h, true)));
	kv_end_watches(h->d.kv);
	api_close(TAKE(h->f->api));
	assert_true(house_until(is_ok(h, false)));
	assert_true(house_until(!is_synced(h)));
	view_status(h->d.view, &status);
	assert_string_equal(status.endpoint, h->store_url);
	assert_true(*status.problem);
	view_snapshot(h->d.view, "/foretide/", &s);
	assert_true(s.has_copy);
	assert_false(s.is_synced);
	assert_non_null(view_find(&s, "/foretide/a"));
	assert_true(house_until(has_key(h, "/foretide/", "/foretide/a")));
}

static void before_the_first_reading_nothing_is_known(void **state)
{
	struct house *h = *state;
	CLEANUP(view_snapshot_done) struct view_snapshot s = { 0 };
	const struct store_opts nowhere = { .endpoints = "http://127.0.0.1:1" };
	struct view_status status;
	struct err e;

	assert_ok(view_start(&nowhere, NULL, house_changed, h, &h->d.view, &e), &e);
	view_snapshot(h->d.view, "/foretide/", &s);
	assert_false(s.has_copy);
	assert_int_equal(s.n, 0);
	assert_null(view_find(&s, "/foretide/a"));
	view_status(h->d.view, &status);
	assert_false(status.ok);
	assert_true(*status.problem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(what_is_written_is_there_once_it_was_waited_for),
		HOUSE_TEST(services_are_looked_at_apart),
		HOUSE_TEST(a_snapshot_is_a_copy_that_stays_as_it_was),
		HOUSE_TEST(a_revision_that_does_not_come_is_not_waited_for_for_ever),
		HOUSE_TEST(a_store_that_went_away_leaves_what_was_known),
		HOUSE_TEST(before_the_first_reading_nothing_is_known),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
