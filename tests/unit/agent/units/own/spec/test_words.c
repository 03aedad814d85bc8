/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quoting and variables in the words of unit files. */
#include "test.h"

#include "buf.h"
#include "check.h"
#include "strv.h"
#include "words.h"

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

static void variables_are_put_in(void **state)
{
	char *env[] = { "A=1 2", "B=x", "E=", NULL };
	char *words[] = { "$A", "${A}", "a${B}c$B", "$$A", "$E", "${E}", "$NONE", NULL };
	CLEANUP(strv_free) char **got = unit_words_substitute(words, env);
	CLEANUP(free) char *text = joined(got);

	(void)state;
	assert_string_equal(text, "[1][2][1 2][axc$B][$A][]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_as_systemd_does),
		cmocka_unit_test(open_quotes_and_unknown_escapes_are_refused),
		cmocka_unit_test(variables_are_put_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
