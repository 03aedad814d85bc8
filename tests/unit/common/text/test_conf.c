/* SPDX-License-Identifier: GPL-3.0-or-later */
/* INI files: pairs, sections, lines that go on, and option tables. */
#include "buf.h"
#include "check.h"
#include "cleanup.h"
#include "conf.h"
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

static void values_go_on_in_indented_lines(void **state)
{
	(void)state;
	assert_pairs("a = 1\n  2\n\t3\nb =\n  late\n", "1 [] a=1 2 3\n4 [] b=late\n");
}

static void empty_sections_are_seen_too(void **state)
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

static void lines_that_are_none_are_refused_with_their_number(void **state)
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

struct target {
	char *word;
	int64_t count, wait_ms;
	double share;
	bool on;
};

static const struct conf_option table[] = {
	{ "s", "word", CONF_STRING, offsetof(struct target, word), "a", 0, 0, "a|b", "" },
	{ "s", "count", CONF_INT, offsetof(struct target, count), "3", 1, 9, NULL, "" },
	{ "s", "wait", CONF_DURATION, offsetof(struct target, wait_ms), "2s", 0, 60000,
	  NULL, "" },
	{ "s", "share", CONF_NUMBER, offsetof(struct target, share), "50%", 0, 1, NULL,
	  "" },
	{ "s", "on", CONF_BOOL, offsetof(struct target, on), "no", 0, 0, NULL, "" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

static void tables_give_defaults_and_take_values_within_their_range(void **state)
{
	static const char *const wrong[][2] = {
		{ "word", "c" },    { "count", "10" },   { "count", "2.5" },
		{ "wait", "2" },    { "wait", "2m" },    { "share", "101%" },
		{ "share", "nan" }, { "on", "perhaps" }, { "other", "1" },
	};
	struct target t = { .word = NULL };
	struct err e;

	(void)state;
	conf_defaults(table, &t);
	assert_string_equal(t.word, "a");
	assert_int_equal(t.wait_ms, 2000);
	assert_close(t.share, 0.5, 1e-12);
	assert_ok(conf_set(table, &t, "s", "word", "b", &e), &e);
	assert_ok(conf_set(table, &t, "s", "on", "Yes", &e), &e);
	assert_string_equal(t.word, "b");
	assert_true(t.on);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(conf_set(table, &t, "s", wrong[i][0], wrong[i][1], &e),
				 ERR_INVAL);
	assert_int_equal(t.count, 3);
	conf_done(table, &t);
	assert_null(t.word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_come_with_section_and_line),
		cmocka_unit_test(values_go_on_in_indented_lines),
		cmocka_unit_test(empty_sections_are_seen_too),
		cmocka_unit_test(lines_that_are_none_are_refused_with_their_number),
		cmocka_unit_test(tables_give_defaults_and_take_values_within_their_range),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
