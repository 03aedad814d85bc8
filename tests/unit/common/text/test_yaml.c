/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "text.h"

#include <string.h>

static int read_text(const char *text, json_t **ret, struct err *e)
{
	return yaml_read(text, strlen(text), "the text", ret, e);
}

static void all_scalars_are_strings(void **state)
{
	static const char text[] = "a: 1\n"
				   "b: [x, 'y z', true]\n"
				   "c: &it {d: \"\\u00e9\", e: ~}\n"
				   "f: *it\n"
				   "g: |\n"
				   "  two\n"
				   "  lines\n";
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(json_decref)
	json_t *want =
		json_pack("{s:s, s:[s,s,s], s:{s:s, s:s}, s:{s:s, s:s}, s:s}", "a", "1",
			  "b", "x", "y z", "true", "c", "d", "\303\251", "e", "~", "f",
			  "d", "\303\251", "e", "~", "g", "two\nlines\n");
	struct err e;

	(void)state;
	assert_ok(read_text(text, &doc, &e), &e);
	assert_true(json_equal(doc, want));
}

static void an_empty_text_is_an_empty_object(void **state)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	struct err e;

	(void)state;
	assert_ok(read_text("# nothing\n", &doc, &e), &e);
	assert_int_equal(json_object_size(doc), 0);
}

static void what_is_not_taken_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *word;
		int code;
	} cases[] = {
		{ "a: [secret\n", "line 2", ERR_INVAL },
		{ "a: 1\na: 2\n", "line 2: the key comes twice", ERR_INVAL },
		{ "a: &x {b: 1}\nc:\n  <<: *x\n", "line 3: merge keys", ERR_INVAL },
		{ "? [a]\n: b\n", "a key must be a text", ERR_INVAL },
		{ "- a\n", "no mapping", ERR_INVAL },
		{ "a: &x\n  b: *x\n", "levels", ERR_LIMIT },
		{ "a: \"\\xff\xff\"\n", "line", ERR_INVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *doc = NULL;
		struct err e;

		assert_int_equal(read_text(cases[i].text, &doc, &e), cases[i].code);
		assert_non_null(strstr(e.msg, cases[i].word));
		assert_null(strstr(e.msg, "secret"));
		assert_null(doc);
	}
}

/* Each line doubles what the one before stands for. */
static void aliases_count_as_often_as_they_are_used(void **state)
{
	CLEANUP(buf_done) struct buf b;
	json_t *doc = NULL;
	struct err e;

	(void)state;
	buf_init(&b, 4096);
	buf_puts(&b, "a0: &a0 x\n");
	for (int i = 1; i < 25; i++)
		buf_printf(&b, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
	assert_int_equal(read_text(buf_str(&b), &doc, &e), ERR_LIMIT);
	assert_null(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_scalars_are_strings),
		cmocka_unit_test(an_empty_text_is_an_empty_object),
		cmocka_unit_test(what_is_not_taken_is_told_with_its_line),
		cmocka_unit_test(aliases_count_as_often_as_they_are_used),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
