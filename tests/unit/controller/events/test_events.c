/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened, for people: in the database, in the log, and announced. */
#include "db_fixture.h"

#include "catch_log.h"
#include "clock.h"
#include "db_fail.h"
#include "events.h"

struct listener {
	struct fixture *f;
	size_t n, n_recorded; /* announced; in the database by then */
};

static struct db_event_list all_events(struct fixture *f)
{
	struct db_event_list l = { 0 };

	assert_ok(db_event_list(f->db, NULL, &l, &f->e), &f->e);
	return l;
}

static void on_event(void *arg)
{
	struct listener *l = arg;
	CLEANUP(db_event_list_done) struct db_event_list events = all_events(l->f);

	l->n++;
	l->n_recorded = events.n;
}

static void an_event_is_recorded_with_what_it_is_about(void **state)
{
	struct fixture *f = *state;
	const struct events events = { .db = f->db };
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	const int64_t began = clock_now_ms();

	event_add(&events, "unit-failed", DB_LEVEL_WARN,
		  EVENT_ABOUT(.stack = "shop", .tier = "web", .pool = "big",
			      .host = "big-1", .unit = "web@1.service"),
		  "unit %s failed %d times", "web@1.service", 3);
	l = all_events(f);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].kind, "unit-failed");
	assert_int_equal(l.v[0].level, DB_LEVEL_WARN);
	assert_string_equal(l.v[0].stack, "shop");
	assert_string_equal(l.v[0].tier, "web");
	assert_string_equal(l.v[0].host, "big-1");
	assert_string_equal(l.v[0].unit, "web@1.service");
	assert_string_equal(l.v[0].message, "unit web@1.service failed 3 times");
	assert_string_equal(l.v[0].data_json, "{\"pool\":\"big\"}");
	assert_in_range(l.v[0].at_ms, began, clock_now_ms());
}

static void what_does_not_apply_is_empty(void **state)
{
	struct fixture *f = *state;
	const struct events events = { .db = f->db };
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };

	event_add(&events, "clock-set", DB_LEVEL_INFO, EVENT_ABOUT(.host = NULL), "set");
	l = all_events(f);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].stack, "");
	assert_string_equal(l.v[0].tier, "");
	assert_string_equal(l.v[0].host, "");
	assert_string_equal(l.v[0].unit, "");
	assert_string_equal(l.v[0].data_json, "{}");
}

/* A message may hold what a unit or a cloud said. */
static void bytes_of_others_are_cut_and_made_text(void **state)
{
	struct fixture *f = *state;
	const struct events events = { .db = f->db };
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	char said[5000];

	memset(said, 'x', sizeof(said) - 1);
	said[sizeof(said) - 1] = '\0';
	event_add(&events, "unit-failed", DB_LEVEL_INFO, EVENT_ABOUT(.unit = "a.service"),
		  "it said \xff\xfe: %s", said);
	l = all_events(f);
	assert_int_equal(l.n, 1);
	assert_int_equal(strlen(l.v[0].message), 1023);
	assert_memory_equal(l.v[0].message, "it said ??: xxx", 15);
}

static void it_is_logged_at_its_level(void **state)
{
	static const char *const words[] = { [DB_LEVEL_INFO] = " info ",
					     [DB_LEVEL_WARN] = " warn ",
					     [DB_LEVEL_ERROR] = " error " };
	struct fixture *f = *state;
	const struct events events = { .db = f->db };

	for (int level = DB_LEVEL_INFO; level <= DB_LEVEL_ERROR; level++) {
		struct catch_log c;

		catch_log_begin(&c);
		event_add(&events, "host-lost", (enum db_level)level,
			  EVENT_ABOUT(.host = "big-1"), "host %s is lost", "big-1");
		catch_log_end(&c);
		assert_non_null(strstr(c.text, words[level]));
		assert_non_null(strstr(c.text, "host-lost"));
		assert_non_null(strstr(c.text, "host=\"big-1\""));
		assert_non_null(strstr(c.text, "message=\"host big-1 is lost\""));
	}
}

static void who_listens_finds_it_in_the_database(void **state)
{
	struct fixture *f = *state;
	struct listener l = { .f = f };
	const struct events events = { .db = f->db, .notify = on_event, .arg = &l };

	for (size_t i = 1; i <= 3; i++) {
		event_add(&events, "host-joined", DB_LEVEL_INFO, EVENT_ABOUT(.host = "a"),
			  "host a joined");
		assert_int_equal(l.n, i);
		assert_int_equal(l.n_recorded, i);
	}
}

static void one_that_cannot_be_recorded_is_in_the_log_with_the_reason(void **state)
{
	struct fixture *f = *state;
	struct listener l = { .f = f };
	const struct events events = { .db = f->db, .notify = on_event, .arg = &l };
	struct catch_log c;

	db_fail_writes(f->db, true);
	catch_log_begin(&c);
	event_add(&events, "host-lost", DB_LEVEL_ERROR, EVENT_ABOUT(.host = "big-1"),
		  "host big-1 is lost");
	catch_log_end(&c);
	db_fail_writes(f->db, false);
	assert_non_null(strstr(c.text, "message=\"host big-1 is lost\""));
	assert_non_null(strstr(c.text, "event-not-recorded kind=\"host-lost\" error="));
	assert_int_equal(l.n, 1);
	assert_int_equal(l.n_recorded, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(an_event_is_recorded_with_what_it_is_about),
		DB_TEST(what_does_not_apply_is_empty),
		DB_TEST(bytes_of_others_are_cut_and_made_text),
		DB_TEST(it_is_logged_at_its_level),
		DB_TEST(who_listens_finds_it_in_the_database),
		DB_TEST(one_that_cannot_be_recorded_is_in_the_log_with_the_reason),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
