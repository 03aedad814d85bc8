/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A failure that repeats is logged once, then counted. */
#include "catch_log.h"
#include "test.h"

#include "check.h"
#include "log_streak.h"

#include <string.h>

static void a_line_that_is_too_long_is_cut_and_ends(void **state)
{
	static struct catch_log c;
	char text[9001];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	catch_log_begin(&c);
	log_warn("first", STR("x", text));
	log_warn("second", STR("x", "b"));
	catch_log_end(&c);
	assert_int_equal(catch_log_count(&c, "\n"), 2);
	assert_non_null(strstr(c.text, "aaa...\n"));
	assert_non_null(strstr(c.text, " warn second x=\"b\"\n"));
}

static void a_thousand_failures_are_two_lines(void **state)
{
	struct log_streak s = { 0 };
	struct err e = { .code = ERR_STORE, .msg = "no space" };
	struct catch_log c;

	(void)state;
	catch_log_begin(&c);
	log_streak(&s, "upkeep-failed", NULL);
	for (int i = 0; i < 1000; i++)
		log_streak(&s, "upkeep-failed", &e);
	log_streak(&s, "upkeep-failed", NULL);
	log_streak(&s, "upkeep-failed", NULL);
	catch_log_end(&c);
	assert_int_equal(catch_log_count(&c, "\n"), 2);
	assert_non_null(strstr(c.text, "warn upkeep-failed error=\"no space\"\n"));
	assert_non_null(strstr(c.text, "failed=1000"));
}

static void one_that_lasts_is_told_again_with_how_often(void **state)
{
	struct log_streak s = { 0 };
	struct err e = { .code = ERR_STORE, .msg = "no space" };
	struct catch_log c;

	(void)state;
	catch_log_begin(&c);
	for (int i = 0; i < 50; i++)
		log_streak(&s, "upkeep-failed", &e);
	s.logged_mono_ms -= 3600000;
	log_streak(&s, "upkeep-failed", &e);
	catch_log_end(&c);
	assert_int_equal(catch_log_count(&c, "\n"), 2);
	assert_non_null(strstr(c.text, "more_times=50"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_is_too_long_is_cut_and_ends),
		cmocka_unit_test(a_thousand_failures_are_two_lines),
		cmocka_unit_test(one_that_lasts_is_told_again_with_how_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
