/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "utf8.h"

#include "check.h"
#include "err.h"
#include "test.h"
#include "text.h"

#include <string.h>

static void assert_mended(const char *text, const char *want)
{
	CLEANUP(free) char *copy = xstrdup(text);
	CLEANUP(json_decref) json_t *v = NULL;

	utf8_mend(copy);
	assert_string_equal(copy, want);
	v = json_string(copy);
	assert_non_null(v);
}

static void what_is_utf8_stays_as_it_is(void **state)
{
	(void)state;
	assert_mended("", "");
	assert_mended("plain\n\t", "plain\n\t");
	assert_mended("\u00f6\u20ac\U0001f600\u00f6", "\u00f6\u20ac\U0001f600\u00f6");
	assert_mended("\ufffd is a character too", "\ufffd is a character too");
}

static void bad_bytes_become_question_marks(void **state)
{
	(void)state;
	assert_mended("died: \xff\xfe", "died: ??");
	assert_mended("\xc3(", "?(");
	assert_mended("a\x80z", "a?z");
	assert_mended("\xc0\xaf.", "??.");           /* longer than it need be */
	assert_mended("\xed\xa0\x80.", "???.");      /* half of a pair of UTF-16 */
	assert_mended("\xf4\x90\x80\x80.", "????."); /* beyond the last character */
	assert_mended("\xff", "?");
	assert_mended("\xc0", "?"); /* what begins none is not unfinished */
	assert_mended("\xed\xa0", "??");
}

static void an_unfinished_character_at_the_end_is_dropped(void **state)
{
	(void)state;
	assert_mended("gr\u00fc\xc3", "gr\u00fc");
	assert_mended("1 \xe2\x82", "1 ");
	assert_mended("\xf0\x9f\x98", "");
}

static void a_cut_never_splits_a_character(void **state)
{
	(void)state;
	assert_int_equal(utf8_fit("abc", 3), 3);
	assert_int_equal(utf8_fit("abcd", 3), 3);
	assert_int_equal(utf8_fit("\u00f6\u00f6", 3), 2);
	assert_int_equal(utf8_fit("\u20ac", 2), 0);
	assert_int_equal(utf8_fit("a\U0001f600", 5), 5);
	assert_int_equal(utf8_fit("a\U0001f600", 4), 1);
}

static void an_error_is_always_text(void **state)
{
	char long_one[1201];
	struct err e;

	(void)state;
	for (size_t i = 0; i < 600; i++)
		memcpy(long_one + 2 * i, "\u00e9", 3);
	(void)err_set(&e, ERR_INVAL, "%s", long_one);
	assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 2);
	assert_mended(e.msg, e.msg);
	(void)err_set(&e, ERR_INVAL, "a%s", long_one);
	assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
	assert_mended(e.msg, e.msg);
	(void)err_wrap(&e, ERR_INVAL, "context");
	assert_mended(e.msg, e.msg);
	(void)err_set(&e, ERR_INVAL, "no unit '%s'", "\xff");
	assert_string_equal(e.msg, "no unit '?'");
}

static void json_takes_any_text(void **state)
{
	CLEANUP(json_decref) json_t *plain = json_text("\u00f6");
	CLEANUP(json_decref) json_t *bad = json_text("died: \xff\xfe");
	CLEANUP(json_decref) json_t *none = json_text(NULL);

	(void)state;
	assert_string_equal(json_string_value(plain), "\u00f6");
	assert_string_equal(json_string_value(bad), "died: ??");
	assert_true(json_is_null(none));
}

static void a_line_for_people_is_plain(void **state)
{
	static const char *const plain[] = { "", "a b", "\u00f6\u4e2d", "\u00a0" };
	static const char *const bad[] = { "a\n",     "\x1b[31m",   "a\x7f",   "\302\205",
					   "\u2028x", "\u202ex",    "\u200fx", "a\xff",
					   "\xc3",    "0123456789a" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		assert_true(utf8_is_plain(plain[i], 10));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(free) char *text = xstrdup(bad[i]);

		assert_false(utf8_is_plain(bad[i], 10));
		utf8_make_plain(text, 10);
		assert_true(utf8_is_plain(text, 10));
	}
}

static void text_that_was_not_plain_keeps_the_rest(void **state)
{
	char text[] = "a\x1b[31m\u202e\u00f6\xff!";

	(void)state;
	utf8_make_plain(text, 100);
	assert_string_equal(text, "a?[31m?\303\266?!");
	utf8_make_plain(text, 7);
	assert_string_equal(text, "a?[31m?");
}

static void json_tells_whether_all_its_text_is_plain(void **state)
{
	CLEANUP(json_decref)
	json_t *good = json_pack("{s:[s, i], s:{s:n}}", "a", "b", 1, "c", "d");
	CLEANUP(json_decref) json_t *bad = json_pack("{s:[s]}", "a", "\n");
	CLEANUP(json_decref) json_t *name = json_pack("{s:{s:i}}", "a", "\x1b", 1);

	(void)state;
	assert_true(json_is_plain(good, 10));
	assert_false(json_is_plain(bad, 10));
	assert_false(json_is_plain(name, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_utf8_stays_as_it_is),
		cmocka_unit_test(bad_bytes_become_question_marks),
		cmocka_unit_test(an_unfinished_character_at_the_end_is_dropped),
		cmocka_unit_test(a_cut_never_splits_a_character),
		cmocka_unit_test(an_error_is_always_text),
		cmocka_unit_test(json_takes_any_text),
		cmocka_unit_test(a_line_for_people_is_plain),
		cmocka_unit_test(text_that_was_not_plain_keeps_the_rest),
		cmocka_unit_test(json_tells_whether_all_its_text_is_plain),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
