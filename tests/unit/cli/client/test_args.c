/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "args.h"
#include "check.h"
#include "exit_status.h"

#include <stdio.h>
#include <string.h>

#define WORDS_MAX 12

/* Splits the line at blanks; the words are kept in the buffer, as argv is. */
static int read_line(const char *line, const char *takes, int least, int most,
		     struct args *ret)
{
	static char buffer[256];
	static char *argv[WORDS_MAX + 1];
	int argc = 0;

	snprintf(buffer, sizeof(buffer), "%s", line);
	for (char *word = strtok(buffer, " "); word; word = strtok(NULL, " ")) {
		assert_true(argc < WORDS_MAX);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return args_read(argc, argv, takes, least, most, ret);
}

static void options_and_positions_come_in_any_order(void **state)
{
	static const char *const lines[] = {
		"hold --reason sale shop web --for 2h --json",
		"hold shop --reason=sale --json web --for=2h",
		"hold --json --reason sale --for 2h -- shop web",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct args a;

		assert_int_equal(read_line(lines[i], "reason for", 1, 2, &a), EXIT_OK);
		assert_string_equal(a.command, "hold");
		assert_int_equal(a.n, 2);
		assert_string_equal(a.position[0], "shop");
		assert_string_equal(a.position[1], "web");
		assert_string_equal(a.reason, "sale");
		assert_string_equal(a.duration, "2h");
		assert_true(a.json);
		assert_false(a.yes);
		assert_null(a.url);
	}
}

static void each_flag_sets_its_own(void **state)
{
	struct args a;

	(void)state;
	assert_int_equal(read_line("x --dry-run", "dry-run follow yes", 0, 0, &a),
			 EXIT_OK);
	assert_true(a.dry_run && !a.follow && !a.yes && !a.json);
	assert_int_equal(read_line("x --follow", "dry-run follow yes", 0, 0, &a),
			 EXIT_OK);
	assert_true(a.follow && !a.dry_run && !a.yes);
	assert_int_equal(read_line("x --yes", "dry-run follow yes", 0, 0, &a), EXIT_OK);
	assert_true(a.yes && !a.follow);
}

static void what_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *line, *takes;
		int least, most;
	} rows[] = {
		{ "x --nonsense", "reason", 0, 4 },
		{ "x --reason r", "for", 0, 4 },
		{ "x --for 1h", "before", 0, 4 }, /* part of another word */
		{ "x --reason", "reason", 0, 4 },
		{ "x --json=yes", "", 0, 4 },
		{ "x a", "", 2, 2 },
		{ "x a b c", "", 1, 2 },
		{ "x a b c d e", "", 0, 9 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct args a = { .n = 77 };

		assert_int_equal(read_line(rows[i].line, rows[i].takes, rows[i].least,
					   rows[i].most, &a),
				 EXIT_USAGE);
		assert_int_equal(a.n, 77);
	}
}

static void values_have_the_form_that_their_option_asks_for(void **state)
{
	static const struct {
		const char *line;
		int status;
	} rows[] = {
		{ "x --for 30m", EXIT_OK },
		{ "x --for 30", EXIT_USAGE },
		{ "x --horizon soon", EXIT_USAGE },
		{ "x --since 24h", EXIT_OK },
		{ "x --since 2026-01-31T12:00:00Z", EXIT_OK },
		{ "x --since yesterday", EXIT_USAGE },
		{ "x --until noon", EXIT_USAGE },
		{ "x --at 2026-01-31T12:00:00+01:00", EXIT_OK },
		{ "x --at 24h", EXIT_USAGE },
		{ "x --lines 7", EXIT_OK },
		{ "x --lines 0", EXIT_USAGE },
		{ "x --lines seven", EXIT_USAGE },
		{ "x --role admin", EXIT_OK },
		{ "x --role adm", EXIT_USAGE },
		{ "x --role=", EXIT_USAGE },
		{ "x --to auto", EXIT_OK },
		{ "x --to observe", EXIT_USAGE },
	};
	static const char takes[] = "for horizon since until at lines role to";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct args a;

		assert_int_equal(read_line(rows[i].line, takes, 0, 0, &a),
				 rows[i].status);
	}
}

static void a_tier_is_told_from_a_stack(void **state)
{
	static const struct {
		const char *text;
		int as_tier, as_stack;
	} rows[] = {
		{ "shop/web", EXIT_OK, EXIT_USAGE },
		{ "shop", EXIT_USAGE, EXIT_OK },
		{ "shop/", EXIT_USAGE, EXIT_USAGE },
		{ "/web", EXIT_USAGE, EXIT_USAGE },
		{ "shop/web/x", EXIT_USAGE, EXIT_USAGE },
		{ "", EXIT_USAGE, EXIT_USAGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct args a = { .command = "x", .position = { rows[i].text }, .n = 1 };

		assert_int_equal(args_tier(&a), rows[i].as_tier);
		assert_int_equal(args_stack(&a), rows[i].as_stack);
		assert_int_equal(args_place(&a),
				 rows[i].as_tier == EXIT_OK ? EXIT_OK : rows[i].as_stack);
	}
}

static void all_take_what_leads_to_the_controller(void **state)
{
	struct args a;

	(void)state;
	assert_int_equal(read_line("x --url u --token-file t --ca c", "", 0, 0, &a),
			 EXIT_OK);
	assert_string_equal(a.url, "u");
	assert_string_equal(a.token_file, "t");
	assert_string_equal(a.ca, "c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_positions_come_in_any_order),
		cmocka_unit_test(each_flag_sets_its_own),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(values_have_the_form_that_their_option_asks_for),
		cmocka_unit_test(a_tier_is_told_from_a_stack),
		cmocka_unit_test(all_take_what_leads_to_the_controller),
	};

	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
