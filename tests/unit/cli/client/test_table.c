/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "cleanup.h"
#include "table.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOW_MS INT64_C(1700000000000) /* 2023-11-14T22:13:20Z */

/* What the table prints; the caller frees it. */
static char *printed(const char *rows_text, const struct table_column *columns)
{
	CLEANUP(json_decref) json_t *rows = json_loads(rows_text, 0, NULL);
	FILE *out = tmpfile();
	char *text = xcalloc(1, 4096);
	int saved = dup(STDOUT_FILENO);

	assert_non_null(rows);
	assert_non_null(out);
	fflush(stdout);
	assert_true(dup2(fileno(out), STDOUT_FILENO) >= 0);
	table_print(rows, columns, NOW_MS);
	fflush(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
	rewind(out);
	assert_true(fread(text, 1, 4095, out) > 0);
	fclose(out);
	return text;
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	static const struct table_column columns[] = { { "NAME", "name", TABLE_TEXT },
						       { "N", "n", TABLE_TEXT },
						       { "LAST", "last", TABLE_TEXT },
						       { NULL, NULL, TABLE_TEXT } };
	CLEANUP(free)
	char *text = printed("[{\"name\": \"a\", \"n\": 12, \"last\": \"x\"}, "
			     "{\"name\": \"longer\", \"n\": 3, \"last\": \"yy\"}]",
			     columns);

	(void)state;
	assert_string_equal(text, "NAME    N   LAST\n"
				  "a       12  x\n"
				  "longer  3   yy\n");
}

static void no_rows_are_the_titles_alone(void **state)
{
	static const struct table_column columns[] = { { "A", "a", TABLE_TEXT },
						       { "B", "b", TABLE_TEXT },
						       { NULL, NULL, TABLE_TEXT } };
	CLEANUP(free) char *text = printed("[]", columns);

	(void)state;
	assert_string_equal(text, "A  B\n");
}

static void cells_are_for_people(void **state)
{
	static const struct {
		const char *value;
		enum table_format format;
		const char *cell;
	} rows[] = {
		{ "null", TABLE_TEXT, "-" },
		{ "\"\"", TABLE_TEXT, "-" },
		{ "true", TABLE_TEXT, "yes" },
		{ "false", TABLE_TEXT, "no" },
		{ "0.123456", TABLE_TEXT, "0.1235" },
		{ "1234567", TABLE_TEXT, "1234567" },
		{ "[1,2]", TABLE_TEXT, "[1,2]" },
		{ "190000", TABLE_DURATION, "3m10s" },
		{ "190400", TABLE_DURATION, "3m10s" },
		{ "90061000", TABLE_DURATION, "1d1h" },
		{ "250", TABLE_DURATION, "250ms" },
		{ "null", TABLE_DURATION, "-" },
		{ "512", TABLE_BYTES, "512" },
		{ "268435456", TABLE_BYTES, "256M" },
		{ "1610612736", TABLE_BYTES, "1.5G" },
		{ "\"2023-11-14T22:10:20Z\"", TABLE_AGE, "3m" },
		{ "\"2023-11-14T22:14:20Z\"", TABLE_AGE, "0s" }, /* to come */
		{ "null", TABLE_AGE, "-" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct table_column columns[] = { { "V", "a.b", rows[i].format },
							{ NULL, NULL, TABLE_TEXT } };
		CLEANUP(free)
		char *row = xasprintf("[{\"a\": {\"b\": %s}}]", rows[i].value);
		CLEANUP(free) char *text = printed(row, columns);
		CLEANUP(free) char *want = xasprintf("V\n%s\n", rows[i].cell);

		assert_string_equal(text, want);
	}
}

static void members_that_are_missing_are_dashes(void **state)
{
	static const struct table_column columns[] = { { "V", "a.b.c", TABLE_TEXT },
						       { NULL, NULL, TABLE_TEXT } };
	CLEANUP(free)
	char *text = printed("[{}, {\"a\": 3}, {\"a\": {\"b\": 1}}]", columns);

	(void)state;
	assert_string_equal(text, "V\n-\n-\n-\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(no_rows_are_the_titles_alone),
		cmocka_unit_test(cells_are_for_people),
		cmocka_unit_test(members_that_are_missing_are_dashes),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
