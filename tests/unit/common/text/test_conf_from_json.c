/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "conf_from_json.h"
#include "json.h"

#include <string.h>

struct target {
	char *text;
	int64_t whole, duration_ms;
	double number;
	bool yes;
};

#define AT(member) offsetof(struct target, member)
static const struct conf_option table[] = {
	{ "", "text", CONF_STRING, AT(text), "as it was", 0, 0, NULL, "" },
	{ "", "whole", CONF_INT, AT(whole), "1", 0, 10, NULL, "" },
	{ "", "duration", CONF_DURATION, AT(duration_ms), "1s", 0, 0, NULL, "" },
	{ "", "number", CONF_NUMBER, AT(number), "0.5", 0, 0, NULL, "" },
	{ "", "yes", CONF_BOOL, AT(yes), "no", 0, 0, NULL, "" },
	{ NULL, NULL, CONF_STRING, 0, NULL, 0, 0, NULL, NULL },
};

static int load(const char *text, const char *const *skip, struct target *t,
		struct err *e)
{
	CLEANUP(json_decref) json_t *doc = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(doc);
	memset(t, 0, sizeof(*t));
	conf_defaults(table, t);
	return conf_load_json(table, t, doc, skip, e);
}

static void takes_strings_as_a_file_would_have_them(void **state)
{
	struct target t;
	struct err e;

	(void)state;
	assert_ok(load("{\"text\": \"x\", \"whole\": \"7\", \"duration\": \"2m\", "
		       "\"number\": \"5%\", \"yes\": \"on\"}",
		       NULL, &t, &e),
		  &e);
	assert_string_equal(t.text, "x");
	assert_int_equal(t.whole, 7);
	assert_int_equal(t.duration_ms, 120000);
	assert_close(t.number, 0.05, 1e-12);
	assert_true(t.yes);
	conf_done(table, &t);
}

static void takes_numbers_and_booleans(void **state)
{
	struct target t;
	struct err e;

	(void)state;
	assert_ok(load("{\"whole\": 7, \"duration\": 6000, \"number\": 0.1, \"yes\": "
		       "true}",
		       NULL, &t, &e),
		  &e);
	assert_int_equal(t.whole, 7);
	assert_int_equal(t.duration_ms, 6000);
	assert_close(t.number, 0.1, 1e-12);
	assert_true(t.yes);
	assert_string_equal(t.text, "as it was");
	conf_done(table, &t);
}

static void refuses_what_does_not_fit_and_names_it(void **state)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{ "{\"colour\": 1}", "colour" },         { "{\"whole\": 11}", "whole" },
		{ "{\"whole\": 1.5}", "whole" },         { "{\"text\": [1]}", "text" },
		{ "{\"duration\": \"5\"}", "duration" }, { "[1]", "object" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct target t;
		struct err e;

		assert_int_equal(load(bad[i].text, NULL, &t, &e), ERR_INVAL);
		if (!strstr(e.msg, bad[i].word))
			fail_msg("%s: %s", bad[i].text, e.msg);
		conf_done(table, &t);
	}
}

static void passes_over_what_it_is_told_to(void **state)
{
	static const char *const skip[] = { "credentials", NULL };
	struct target t;
	struct err e;

	(void)state;
	assert_ok(
		load("{\"credentials\": {\"token\": \"x\"}, \"whole\": 3}", skip, &t, &e),
		&e);
	assert_int_equal(t.whole, 3);
	conf_done(table, &t);
}

static void what_is_not_known_is_named_with_all_that_is(void **state)
{
	struct target t;
	struct err e;

	(void)state;
	assert_int_equal(load("{\"colour\": 1}", NULL, &t, &e), ERR_INVAL);
	assert_string_equal(e.msg, "there is no option 'colour'; there are text, whole, "
				   "duration, number, yes");
	conf_done(table, &t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_strings_as_a_file_would_have_them),
		cmocka_unit_test(takes_numbers_and_booleans),
		cmocka_unit_test(refuses_what_does_not_fit_and_names_it),
		cmocka_unit_test(what_is_not_known_is_named_with_all_that_is),
		cmocka_unit_test(passes_over_what_it_is_told_to),
	};

	return cmocka_run_group_tests_name("options from JSON", tests, NULL, NULL);
}
