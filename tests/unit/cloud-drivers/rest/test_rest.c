/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels, pages and members of answers. */
#include "test.h"

#include "check.h"
#include "rest.h"
#include "text.h"

#include <string.h>

#define LABEL_MAX 40

static const char *label(char to[LABEL_MAX + 1], const char *value)
{
	rest_label(to, LABEL_MAX + 1, LABEL_MAX, "ft-x=", value);
	assert_true(strlen(to) <= LABEL_MAX);
	return to;
}

static void words_that_fit_are_their_own_labels(void **state)
{
	char a[LABEL_MAX + 1];

	(void)state;
	assert_string_equal(label(a, "abc-09"), "ft-x=abc-09");
	assert_string_equal(label(a, ""), "ft-x=");
	assert_string_equal(label(a, "12345678901234567890123456789012345"),
			    "ft-x=12345678901234567890123456789012345");
}

static void other_values_are_narrowed_and_stay_distinct(void **state)
{
	static const char *const values[] = {
		"Web_1",
		"web-1",
		"web 1",
		"web,1",
		"web/1",
		"w\303\251b-1",
		"123456789012345678901234567890123456",
		"123456789012345678901234567890123457",
	};
	char labels[ARRAY_SIZE(values)][LABEL_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		label(labels[i], values[i]);
		assert_int_equal(
			strspn(labels[i] + 5, "abcdefghijklmnopqrstuvwxyz0123456789-"),
			strlen(labels[i]) - 5);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(labels[i], labels[j]);
	}
	assert_memory_equal(labels[0], "ft-x=web-1-", 11);
}

static void a_list_ends_or_fails(void **state)
{
	CLEANUP(rest_pages_done) struct rest_pages p = { .max_pages = 1000 };
	CLEANUP(rest_pages_done) struct rest_pages few = { .max_pages = 3 };
	struct drv_err e;
	char marker[32];

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(marker, sizeof(marker), "m%d", i);
		assert_int_equal(rest_pages_turn(&p, marker, &e), 0);
	}
	assert_int_equal(rest_pages_turn(&p, "m17", &e), DRV_BUG);
	assert_non_null(strstr(e.msg, "never end"));
	assert_int_equal(rest_pages_turn(&few, "1", &e), 0);
	assert_int_equal(rest_pages_turn(&few, "2", &e), 0);
	assert_int_equal(rest_pages_turn(&few, "3", &e), DRV_BUG);
	assert_non_null(strstr(e.msg, "3 pages"));
}

static void what_two_pages_show_is_new_once(void **state)
{
	CLEANUP(rest_pages_done) struct rest_pages p = { .max_pages = 2 };
	char id[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 10000; i++) {
			snprintf(id, sizeof(id), "vm-%d", i);
			assert_int_equal(rest_pages_is_new(&p, id), round == 0);
		}
	}
}

static void members_are_read_by_path_or_are_the_default(void **state)
{
	static const char text[] =
		"{\"a\": {\"b\": {\"c\": \"x\", \"n\": 5, \"s\": \"9007199254740993\","
		"\"f\": 1.5, \"bad\": \"5x\"}},"
		"\"t\": \"2026-01-01T00:00:01Z\", \"u\": \"2026-01-01T00:00:01.250000\","
		"\"o\": \"2026-01-01T01:00:01+01:00\", \"not\": \"yesterday\"}";
	CLEANUP(json_decref) json_t *o = NULL;
	struct err e;
	char copy[4];

	(void)state;
	assert_ok(json_parse(text, strlen(text), "text", &o, &e), &e);
	assert_string_equal(rest_text(o, "a.b.c"), "x");
	assert_string_equal(rest_text(o, "a.b.n"), "");
	assert_string_equal(rest_text(o, "a.x.c"), "");
	assert_string_equal(rest_text(o, "a.b.c.d"), "");
	assert_string_equal(rest_text(NULL, "a"), "");
	assert_int_equal(rest_int(o, "a.b.n", -1), 5);
	assert_int_equal(rest_int(o, "a.b.s", -1), INT64_C(9007199254740993));
	assert_int_equal(rest_int(o, "a.b.bad", -1), -1);
	assert_int_equal(rest_int(o, "a.b.none", -1), -1);
	assert_close(rest_num(o, "a.b.f", 0), 1.5, 0);
	assert_close(rest_num(o, "a.b.bad", 2), 2, 0);
	assert_int_equal(rest_time_ms(o, "t"), INT64_C(1767225601000));
	assert_int_equal(rest_time_ms(o, "u"), INT64_C(1767225601250));
	assert_int_equal(rest_time_ms(o, "o"), INT64_C(1767225601000));
	assert_int_equal(rest_time_ms(o, "not"), 0);
	rest_copy(copy, sizeof(copy), o, "t");
	assert_string_equal(copy, "202");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_that_fit_are_their_own_labels),
		cmocka_unit_test(other_values_are_narrowed_and_stay_distinct),
		cmocka_unit_test(a_list_ends_or_fails),
		cmocka_unit_test(what_two_pages_show_is_new_once),
		cmocka_unit_test(members_are_read_by_path_or_are_the_default),
	};

	return cmocka_run_group_tests_name("rest", tests, NULL, NULL);
}
