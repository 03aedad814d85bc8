/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "series.h"

#include "check.h"
#include "test.h"

#include <string.h>

static int read_text(const char *text, struct series *s, struct err *e)
{
	return series_read(text, strlen(text), "x.csv", s, e);
}

static void empty_values_and_absent_lines_are_missing(void **state)
{
	struct series s;
	struct err e;

	(void)state;
	assert_ok(read_text("0,1\n60,\n120,3\n300,6\n300,9\n", &s, &e), &e);
	assert_int_equal(s.n, 6);
	assert_int_equal(s.missing, 3);
	assert_int_equal(s.repeated, 1);
	assert_true(isnan(s.y[1]) && isnan(s.y[3]) && isnan(s.y[4]));
	assert_close(s.y[5], 9, 0);
	assert_int_equal(s.t0_ms, 0);
	assert_int_equal(s.step_ms, 60000);
	series_done(&s);
}

static void lines_may_be_in_any_order(void **state)
{
	struct series s;
	struct err e;

	(void)state;
	assert_ok(read_text("120,3\n0,1\n60,2\n", &s, &e), &e);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.t0_ms, 0);
	for (size_t i = 0; i < 3; i++)
		assert_close(s.y[i], (double)i + 1, 0);
	series_done(&s);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text, *line, *words;
	} cases[] = {
		{ "t,v\n0,1\n60,abc\n", "line 3", "'abc' is not a number" },
		{ "0,1\n60,2\n120,3\n150,4\n180,4\n240,4\n", "line 4",
		  "between two steps" },
		{ "0,\n60,\n", "x.csv", "all values are missing" },
		{ "0,1\n", "x.csv", "two lines" },
		{ "", "x.csv", "two lines" },
		{ "0,1\n60,1\n99999999999,1\n", "x.csv", "more than 10000000 steps" },
	};
	struct series s;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(cases); k++) {
		struct err e = { 0 };

		assert_true(read_text(cases[k].text, &s, &e) < 0);
		assert_non_null(strstr(e.msg, cases[k].line));
		assert_non_null(strstr(e.msg, cases[k].words));
	}
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct series s;
	struct err e;

	(void)state;
	assert_int_equal(series_open("/nonexistent/y.csv", &s, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "/nonexistent/y.csv"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_values_and_absent_lines_are_missing),
		cmocka_unit_test(lines_may_be_in_any_order),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(a_file_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
