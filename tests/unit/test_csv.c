/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "csv.h"

#include "check.h"
#include "test.h"

#include <string.h>

static int read_text(const char *text, struct csv_series *s, struct err *e)
{
	char *copy = xstrdup(text);
	FILE *in = fmemopen(copy, strlen(text), "r");
	int rc;

	assert_non_null(in);
	rc = csv_read(in, "x.csv", s, e);
	fclose(in);
	free(copy);
	return rc;
}

static void reads_unix_seconds_and_rfc_3339(void **state)
{
	static const char *const texts[] = {
		"timestamp,value\n1700000000,1\n1700000060,2.5\n1700000120,3\n",
		"2023-11-14T22:13:20Z,1\n2023-11-14T22:14:20Z,2.5\r\n"
		"2023-11-14T23:15:20+01:00, 3 \n",
	};
	struct csv_series s;
	struct err e;

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		assert_ok(read_text(texts[k], &s, &e), &e);
		assert_int_equal(s.n, 3);
		assert_int_equal(s.t0_ms, 1700000000000);
		assert_int_equal(s.step_ms, 60000);
		assert_close(s.y[1], 2.5, 0);
		assert_close(s.y[2], 3, 0);
		csv_done(&s);
	}
}

static void empty_values_and_absent_lines_are_missing(void **state)
{
	struct csv_series s;
	struct err e;

	(void)state;
	assert_ok(read_text("0,1\n60,\n120,3\n300,6\n300,9\n", &s, &e), &e);
	assert_int_equal(s.n, 6);
	assert_int_equal(s.missing, 3);
	assert_int_equal(s.repeated, 1);
	assert_true(isnan(s.y[1]) && isnan(s.y[3]) && isnan(s.y[4]));
	assert_close(s.y[5], 6, 0);
	csv_done(&s);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text, *line, *words;
	} cases[] = {
		{ "t,v\n0,1\n60,abc\n", "line 3", "'abc' is no number" },
		{ "t,v\n0,1\nlater,2\n", "line 3", "later" },
		{ "0,1\n60 2\n", "line 2", "no comma" },
		{ "0,1\n60,-2\n", "line 2", "below 0" },
		{ "0,1\n60,inf\n", "line 2", "no number" },
		{ "0,1\n60,1e999\n", "line 2", "no number" },
		{ "0,1\n60,2\n30,3\n", "line 3", "before" },
		{ "0,1\n60,2\n120,3\n150,4\n180,4\n240,4\n", "line 4",
		  "between two steps" },
		{ "0,\n60,\n", "x.csv", "all values are missing" },
		{ "0,1\n", "x.csv", "two lines" },
		{ "", "x.csv", "two lines" },
		{ "0,1\n60,1\n99999999999,1\n", "x.csv", "line 3" },
	};
	struct csv_series s;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(cases); k++) {
		struct err e = { 0 };

		assert_true(read_text(cases[k].text, &s, &e) < 0);
		assert_non_null(strstr(e.msg, cases[k].line));
		if (k + 1 < ARRAY_SIZE(cases))
			assert_non_null(strstr(e.msg, cases[k].words));
	}
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct csv_series s;
	struct err e;

	(void)state;
	assert_int_equal(csv_open("/nonexistent/y.csv", &s, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "/nonexistent/y.csv"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_unix_seconds_and_rfc_3339),
		cmocka_unit_test(empty_values_and_absent_lines_are_missing),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(a_file_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
