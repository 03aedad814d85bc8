/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "csv.h"

#include "check.h"
#include "test.h"

#include <string.h>

#define T0 INT64_C(1700000000000)
#define MAX_POINTS 4

static int read_text(const char *text, struct csv_points *p, struct err *e)
{
	*p = (struct csv_points){ .max = MAX_POINTS };
	return csv_read(text, strlen(text), p, e);
}

static void a_time_is_rfc_3339_or_unix_seconds_or_milliseconds(void **state)
{
	static const char *const texts[] = {
		"1700000000,1\n1700000060,2.5\n1700000120,3\n",
		"1700000000.0,1\n1700000060000,2.5\n1700000120000,3\n",
		"2023-11-14T22:13:20Z,1\n2023-11-14T22:14:20.000Z,2.5\r\n"
		"2023-11-14T23:15:20+01:00, 3 ",
		"1700000000;1\n1700000060\t2.5\n 1700000120 , 3\n",
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
		CLEANUP(csv_points_done) struct csv_points p;
		struct err e;

		assert_ok(read_text(texts[k], &p, &e), &e);
		assert_int_equal(p.n, 3);
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(p.v[i].t_ms, T0 + (int64_t)i * 60000);
			assert_int_equal(p.v[i].line, i + 1);
		}
		assert_close(p.v[1].v, 2.5, 0);
		assert_close(p.v[2].v, 3, 0);
	}
}

static void head_comments_and_empty_lines_are_no_points(void **state)
{
	static const char *const texts[] = {
		"timestamp,value\n1700000000,42\n",
		"\xef\xbb\xbf"
		"time;requests\r\n\r\n# from the old system\r\n1700000000;42\r\n",
		"# only a remark\n\n\"when\",\"how many\"\n1700000000,42",
		"no comma in it\n1700000000,42\n",
		"1700000000,42\n",
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
		CLEANUP(csv_points_done) struct csv_points p;
		struct err e;

		assert_ok(read_text(texts[k], &p, &e), &e);
		assert_int_equal(p.n, 1);
		assert_close(p.v[0].v, 42, 0);
	}
}

static void an_empty_value_is_a_stated_gap(void **state)
{
	CLEANUP(csv_points_done) struct csv_points p;
	struct err e;

	(void)state;
	assert_ok(read_text("1700000000,\n1700000060, \n1700000120,0\n", &p, &e), &e);
	assert_int_equal(p.n, 3);
	assert_true(isnan(p.v[0].v) && isnan(p.v[1].v));
	assert_close(p.v[2].v, 0, 0);
}

static void a_bad_line_is_named_with_its_reason(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "1700000000,1\nnonsense\n", "line 2: there is no comma" },
		{ "1700000000,1\n60 2\n", "line 2: there is no comma" },
		{ "t,v\n1700000000,1\nsoon,2\n",
		  "line 3: timestamp: 'soon' is not a time" },
		{ "t,v\nu,w\n1700000000,1\n", "line 2: timestamp: 'u' is not a time" },
		{ "1700000000,cold\n", "line 1: 'cold' is not a number" },
		{ "1700000000,1 2\n", "line 1: '1 2' is not a number" },
		{ "1700000000,1,2\n", "line 1: '1,2' is not a number" },
		{ "1700000000,inf\n", "line 1: 'inf' is not a number" },
		{ "1700000000,nan\n", "line 1: 'nan' is not a number" },
		{ "1700000000,1e999\n", "line 1: '1e999' is not a number" },
		{ "1700000000,-2\n", "line 1: its value -2 is below 0" },
		{ "-1,2\n", "line 1: timestamp: '-1' is not a time from 1970" },
		{ "1e15,2\n", "line 1: timestamp: '1e15' is not a time" },
		{ "2023-13-14T22:13:20Z,1\n",
		  "line 1: timestamp: '2023-13-14T22:13:20Z'" },
		{ "0,1\n1,1\n2,1\n3,1\n4,1\n", "line 5: there are more than 4 values" },
	};
	char *lengthy = xasprintf("1700000000,%0300d\n", 7);
	CLEANUP(csv_points_done) struct csv_points p;
	struct err e;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
		assert_true(read_text(bad[k].text, &p, &e) < 0);
		if (!strstr(e.msg, bad[k].words))
			fail_msg("'%s': %s", bad[k].text, e.msg);
		csv_points_done(&p);
	}
	assert_int_equal(read_text(lengthy, &p, &e), ERR_INVAL);
	assert_string_equal(e.msg, "line 1: it is too long");
	free(lengthy);
	assert_int_equal(csv_read("0,1\n1,\0002\n", 9, &p, &e), ERR_INVAL);
	assert_string_equal(e.msg, "line 2: this is not text");
}

static void of_two_at_one_time_the_later_line_stays(void **state)
{
	CLEANUP(csv_points_done) struct csv_points p;
	CLEANUP(free) int64_t *steps = NULL;
	struct err e;

	(void)state;
	assert_ok(read_text("90,3\n60,2\n0,1\n60,9\n", &p, &e), &e);
	csv_sort(&p);
	assert_int_equal(p.n, 3);
	assert_int_equal(p.v[0].t_ms, 0);
	assert_int_equal(p.v[1].t_ms, 60000);
	assert_close(p.v[1].v, 9, 0);
	steps = csv_steps(&p);
	assert_int_equal(steps[0], 30000);
	assert_int_equal(steps[1], 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_rfc_3339_or_unix_seconds_or_milliseconds),
		cmocka_unit_test(head_comments_and_empty_lines_are_no_points),
		cmocka_unit_test(an_empty_value_is_a_stated_gap),
		cmocka_unit_test(a_bad_line_is_named_with_its_reason),
		cmocka_unit_test(of_two_at_one_time_the_later_line_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
