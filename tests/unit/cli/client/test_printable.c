/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "cleanup.h"
#include "printable.h"

static void what_moves_a_terminal_is_written_out(void **state)
{
	static const struct {
		const char *text, *keep, *printed;
	} rows[] = {
		{ "plain", "", "plain" },
		{ "a\tb\nc", "\n\t", "a\tb\nc" },
		{ "a\tb\nc", "", "a\\x09b\\x0ac" },
		{ "\x1b[2J\x7f", "\n", "\\x1b[2J\\x7f" },
		{ "\xc2\x9b", "", "\\x9b" },      /* a control of one byte more */
		{ "\xff\xc3", "", "\\xff\\xc3" }, /* not UTF-8 */
		{ "\xe2\x80\xae txt", "", "\\u202e txt" }, /* right to left */
		{ "\xe2\x81\xa6", "", "\\u2066" },
		{ "\xe2\x80\xa8", "\n", "\\u2028" }, /* a line's end */
		{ "gr\xc3\xbc\xc3\x9f \xe2\x82\xac", "",
		  "gr\xc3\xbc\xc3\x9f \xe2\x82\xac" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(free) char *text = printable(rows[i].text, rows[i].keep);

		assert_string_equal(text, rows[i].printed);
	}
}

static void width_is_in_columns(void **state)
{
	(void)state;
	assert_int_equal(printable_width(""), 0);
	assert_int_equal(printable_width("gr\xc3\xbc\xc3\x9f"), 4);
	assert_int_equal(printable_width("\xe6\x97\xa5\xe6\x9c\xac"), 4); /* two wide */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_moves_a_terminal_is_written_out),
		cmocka_unit_test(width_is_in_columns),
	};

	return cmocka_run_group_tests_name("printable", tests, NULL, NULL);
}
