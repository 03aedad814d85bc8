/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong now, for people. */
#include "test.h"

#include "catch_log.h"
#include "check.h"
#include "cleanup.h"
#include "clock.h"
#include "problems.h"
#include "text.h"

#include <string.h>

#define NOW_MS INT64_C(1700000000000)

static int setup(void **state)
{
	struct problems *p = xcalloc(1, sizeof(*p));

	problems_init(p);
	clock_hold(NOW_MS);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct problems *p = *state;

	clock_hold(-1);
	problems_done(p);
	free(p);
	return 0;
}

static const char *member(const json_t *list, size_t i, const char *name)
{
	return json_string_value(json_object_get(json_array_get(list, i), name));
}

static void a_problem_lasts_from_its_first_message_to_its_end(void **state)
{
	struct problems *p = *state;
	CLEANUP(json_decref) json_t *first = NULL;
	CLEANUP(json_decref) json_t *later = NULL;
	CLEANUP(json_decref) json_t *none = NULL;
	CLEANUP(json_decref) json_t *again = NULL;

	problems_set(p, PROBLEM_ROOM, "pool p is full");
	first = problems_json(p);
	assert_int_equal(json_array_size(first), 1);
	assert_string_equal(member(first, 0, "kind"), "pool-full");
	assert_string_equal(member(first, 0, "message"), "pool p is full");
	assert_string_equal(member(first, 0, "since"), "2023-11-14T22:13:20.000Z");
	clock_hold(NOW_MS + 60000);
	problems_set(p, PROBLEM_ROOM, "pool q is full, too");
	later = problems_json(p);
	assert_string_equal(member(later, 0, "message"), "pool q is full, too");
	assert_string_equal(member(later, 0, "since"), "2023-11-14T22:13:20.000Z");
	problems_set(p, PROBLEM_ROOM, NULL);
	none = problems_json(p);
	assert_int_equal(json_array_size(none), 0);
	problems_set(p, PROBLEM_ROOM, "pool p is full");
	again = problems_json(p);
	assert_string_equal(member(again, 0, "since"), "2023-11-14T22:14:20.000Z");
}

static void each_kind_has_a_name_of_its_own(void **state)
{
	struct problems *p = *state;
	CLEANUP(json_decref) json_t *list = NULL;
	CLEANUP(json_decref) json_t *names = json_object();

	for (int i = 0; i < N_PROBLEMS; i++)
		problems_set(p, (enum problem_kind)i, "it is so");
	list = problems_json(p);
	assert_int_equal(json_array_size(list), N_PROBLEMS);
	for (size_t i = 0; i < N_PROBLEMS; i++) {
		assert_non_null(member(list, i, "kind"));
		json_object_set_new(names, member(list, i, "kind"), json_true());
	}
	assert_int_equal(json_object_size(names), N_PROBLEMS);
}

static void a_message_is_logged_when_it_changes(void **state)
{
	struct problems *p = *state;
	struct catch_log c;

	catch_log_begin(&c);
	for (int i = 0; i < 100; i++)
		problems_set(p, PROBLEM_STORE, "the store is away");
	problems_set(p, PROBLEM_STORE, "the store refuses");
	problems_set(p, PROBLEM_STORE, NULL);
	catch_log_end(&c);
	assert_int_equal(catch_log_count(&c, "store-away"), 2);
	assert_non_null(strstr(c.text, "message=\"the store refuses\""));
}

/* It may hold what a host said. */
static void bytes_of_others_are_cut_and_made_text(void **state)
{
	struct problems *p = *state;
	CLEANUP(json_decref) json_t *list = NULL;
	char said[3 * ERR_MSG_MAX];

	memset(said, 'x', sizeof(said) - 1);
	said[sizeof(said) - 1] = '\0';
	said[0] = '\xff';
	problems_set(p, PROBLEM_UNITS, said);
	list = problems_json(p);
	assert_int_equal(strlen(member(list, 0, "message")), ERR_MSG_MAX - 1);
	assert_memory_equal(member(list, 0, "message"), "?xxx", 4);
}

#define PROBLEMS_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROBLEMS_TEST(a_problem_lasts_from_its_first_message_to_its_end),
		PROBLEMS_TEST(each_kind_has_a_name_of_its_own),
		PROBLEMS_TEST(a_message_is_logged_when_it_changes),
		PROBLEMS_TEST(bytes_of_others_are_cut_and_made_text),
	};

	return cmocka_run_group_tests_name("problems", tests, NULL, NULL);
}
