/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier_settings.h"

#include "cli_fixture.h"

/* The file's settings of a tier, in one line; "" when it has none. The caller's. */
static char *of(const char *text, const char *stack, const char *tier)
{
	CLEANUP(tier_settings_done) struct tier_settings s = { 0 };
	const json_t *options;
	struct err err;

	cli_write("s.conf", text);
	assert_ok(tier_settings_read("s.conf", &s, &err), &err);
	options = tier_settings_of(&s, stack, tier);
	return options ? json_dumps(options, JSON_COMPACT | JSON_SORT_KEYS) : xstrdup("");
}

static void a_tier_has_the_options_of_its_section(void **state)
{
	static const char text[] = "[tier web]\nmax = 9\nschedule = a\nschedule = b\n"
				   "[tier  db]\nmin = 2\n[pool web]\nmax = 3\n";
	CLEANUP(free) char *web = of(text, "shop", "web");
	CLEANUP(free) char *db = of(text, "blog", "db");
	CLEANUP(free) char *lb = of(text, "shop", "lb");

	(void)state;
	assert_string_equal(web, "{\"max\":\"9\",\"schedule\":[\"a\",\"b\"]}");
	assert_string_equal(db, "{\"min\":\"2\"}");
	assert_string_equal(lb, "");
}

static void a_whole_stack_has_only_its_own_tiers(void **state)
{
	static const char text[] = "[stack]\nname = first\nname = shop\n[tier web]\n";
	CLEANUP(free) char *own = of(text, "shop", "web");
	CLEANUP(free) char *other = of(text, "blog", "web");

	(void)state;
	assert_string_equal(own, "{}");
	assert_string_equal(other, "");
}

static void no_file_is_no_settings(void **state)
{
	CLEANUP(tier_settings_done) struct tier_settings s = { 0 };
	struct err err;

	(void)state;
	assert_ok(tier_settings_read(NULL, &s, &err), &err);
	assert_null(tier_settings_of(&s, "shop", "web"));
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "[stack]\nname = shop\n", "s.conf has no [tier NAME]" },
		{ "[tier web]\n[tier web]\n", "s.conf:2: [tier web] is defined twice" },
		{ "[tier \xff]\n", "s.conf:1: [tier ?] is not a valid name" },
		{ "max = 3\n[tier web]\n",
		  "s.conf:1: 'max' comes before the first section" },
		{ "[tier web]\nmax = \xff\n", "s.conf:2: 'max' is not UTF-8" },
		{ "[tier web]\nmax\n", "s.conf:2: expected [section] or name = value" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(tier_settings_done) struct tier_settings s = { 0 };
		struct err err = { 0 };

		cli_write("s.conf", rows[i].text);
		assert_int_equal(tier_settings_read("s.conf", &s, &err), ERR_INVAL);
		assert_string_equal(err.msg, rows[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tier_has_the_options_of_its_section),
		cmocka_unit_test(a_whole_stack_has_only_its_own_tiers),
		cmocka_unit_test(no_file_is_no_settings),
		cmocka_unit_test(what_is_wrong_is_said),
	};

	return cmocka_run_group_tests_name("tier_settings", tests, cli_in_folder,
					   cli_out_of_folder);
}
