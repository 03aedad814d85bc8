/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Option tables: defaults, types and ranges. */
#include "conf.h"

#include "check.h"
#include "test.h"

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
		cmocka_unit_test(tables_give_defaults_and_take_values_within_their_range),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
