/* SPDX-License-Identifier: GPL-3.0-or-later */
/* INI text: pairs, sections, continued lines. */
#include "buf.h"
#include "check.h"
#include "cleanup.h"
#include "ini.h"

#include <string.h>

#include "test.h"

static int note_pair(void *arg, const char *section, const char *name, const char *value,
		     int line, struct err *err)
{
	(void)err;
	buf_printf(arg, "%d [%s] %s=%s\n", line, section, name, value);
	return 0;
}

static int note_section(void *arg, const char *section, int line, struct err *err)
{
	(void)err;
	buf_printf(arg, "%d %s\n", line, section);
	return 0;
}

static void assert_pairs(const char *text, const char *expected)
{
	CLEANUP(buf_done) struct buf b;
	struct err e;

	buf_init(&b, 4096);
	assert_ok(conf_each(text, "x", note_pair, &b, &e), &e);
	assert_string_equal(buf_str(&b), expected);
}

static void pairs_come_with_section_and_line(void **state)
{
	(void)state;
	assert_pairs("a = 1\n[one]\n# no\nb=2 ; why\n\n[two]\nc = x;y\n",
		     "1 [] a=1\n4 [one] b=2\n7 [two] c=x;y\n");
}

static void values_continue_in_indented_lines(void **state)
{
	(void)state;
	assert_pairs("a = 1\n  2\n\t3\nb =\n  late\n", "1 [] a=1 2 3\n4 [] b=late\n");
}

static void empty_sections_are_reported_too(void **state)
{
	CLEANUP(buf_done) struct buf b;
	struct err e;

	(void)state;
	buf_init(&b, 4096);
	assert_ok(conf_each_section("[a]\n[b c]\nx = 1\n  [no]\n[d]\n", "x", note_section,
				    &b, &e),
		  &e);
	assert_string_equal(buf_str(&b), "1 a\n2 b c\n5 d\n");
}

static void other_lines_are_rejected_with_their_number(void **state)
{
	static const char *const texts[] = { "a = 1\nhello\n", "a = 1\n= 2\n",
					     "a = 1\n[open\n", "a = 1\n[b] c\n" };
	CLEANUP(buf_done) struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct err e = { .msg = "" };

		assert_int_equal(conf_each(texts[i], "f", note_pair, &b, &e), ERR_INVAL);
		assert_memory_equal(e.msg, "f:2:", 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_come_with_section_and_line),
		cmocka_unit_test(values_continue_in_indented_lines),
		cmocka_unit_test(empty_sections_are_reported_too),
		cmocka_unit_test(other_lines_are_rejected_with_their_number),
	};

	return cmocka_run_group_tests_name("ini", tests, NULL, NULL);
}
