/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words, specifiers, variables, time spans and signals of unit files. */
#include "test.h"

#include "buf.h"
#include "check.h"
#include "strv.h"
#include "values.h"

#include <signal.h>

static char *joined(char *const *words)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, 10000);
	for (size_t i = 0; words && words[i]; i++)
		buf_printf(&b, "[%s]", words[i]);
	return buf_take(&b);
}

static void words_are_split_as_systemd_does(void **state)
{
	static const char *const cases[][2] = {
		{ "a  b\tc", "[a][b][c]" },
		{ "'a b' \"c d\"", "[a b][c d]" },
		{ "x'y z'w", "[xy zw]" },
		{ "\"a\\\"b\" \\x41\\101 a\\sb \\t", "[a\"b][AA][a b][\t]" },
		{ "'' \"\"", "[][]" },
		{ "  ", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strv_free) char **words = NULL;
		CLEANUP(free) char *text = NULL;
		struct err e;

		assert_ok(unit_words_split(cases[i][0], &words, &e), &e);
		text = joined(words);
		assert_string_equal(text, cases[i][1]);
	}
}

static void open_quotes_and_unknown_escapes_are_refused(void **state)
{
	static const char *const cases[] = { "'a", "a \"b c", "\\q", "\\x4", "\\" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char **words = NULL;
		struct err e;

		assert_int_equal(unit_words_split(cases[i], &words, &e), ERR_INVAL);
	}
}

static void specifiers_are_expanded(void **state)
{
	struct unit_specifiers s = { .unit = "app-web@a-b\\x2dc.service",
				     .host = "h1",
				     .machine_id = "m",
				     .boot_id = "b" };
	CLEANUP(free) char *text = NULL;
	struct err e;

	(void)state;
	assert_ok(unit_specifiers_expand("%n|%N|%p|%i|%I|%j|%H|%m|%b|%u|%h|%t|%%", &s,
					 &text, &e),
		  &e);
	assert_string_equal(text, "app-web@a-b\\x2dc.service|app-web@a-b\\x2dc|app-web|"
				  "a-b\\x2dc|a/b-c|web|h1|m|b|root|/root|/run|%");
	assert_int_equal(unit_specifiers_expand("%y", &s, &text, &e), ERR_INVAL);
	assert_string_equal(e.msg, "the specifier %y is unknown");
}

static void variables_are_put_in(void **state)
{
	char *env[] = { "A=1 2", "B=x", "E=", NULL };
	char *words[] = { "$A", "${A}", "a${B}c$B", "$$A", "$E", "${E}", "$NONE", NULL };
	CLEANUP(strv_free) char **got = unit_words_substitute(words, env);
	CLEANUP(free) char *text = joined(got);

	(void)state;
	assert_string_equal(text, "[1][2][1 2][axc$B][$A][]");
}

static void time_spans_are_systemds(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = { { "5", 5000 },         { "1min 20s", 80000 },
		      { "2h", 7200000 },     { "100ms", 100 },
		      { "1.5", 1500 },       { "infinity", -1 },
		      { "1 day", 86400000 }, { "0", 0 } };
	int64_t ms;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_ok(unit_time_span(cases[i].text, &ms, &e), &e);
		assert_int_equal(ms, cases[i].ms);
	}
	assert_int_equal(unit_time_span("5 parsecs", &ms, &e), ERR_INVAL);
	assert_int_equal(unit_time_span("", &ms, &e), ERR_INVAL);
}

static void signals_have_names_and_numbers(void **state)
{
	int n;
	struct err e;

	(void)state;
	assert_ok(unit_signal("SIGTERM", &n, &e), &e);
	assert_int_equal(n, SIGTERM);
	assert_ok(unit_signal("usr1", &n, &e), &e);
	assert_int_equal(n, SIGUSR1);
	assert_ok(unit_signal("9", &n, &e), &e);
	assert_int_equal(n, 9);
	assert_ok(unit_signal("RTMIN+3", &n, &e), &e);
	assert_int_equal(n, SIGRTMIN + 3);
	assert_int_equal(unit_signal("SIGNONE", &n, &e), ERR_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_as_systemd_does),
		cmocka_unit_test(open_quotes_and_unknown_escapes_are_refused),
		cmocka_unit_test(specifiers_are_expanded),
		cmocka_unit_test(variables_are_put_in),
		cmocka_unit_test(time_spans_are_systemds),
		cmocka_unit_test(signals_have_names_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
