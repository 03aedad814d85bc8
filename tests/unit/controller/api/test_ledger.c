/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger in pages and as CSV. */
#include "api_fixture.h"

#define DAY INT64_C(86400000)
#define JAN_30 INT64_C(1769731200000) /* 2026 */

static int setup(void **state)
{
	struct fixture *f = fixture_new();
	const struct api_hooks hooks = { .arg = f };

	fixture_open(f, &hooks, "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static void enter_days(const struct fixture *f, const char *stack, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		const struct db_ledger row = { .day_ms = JAN_30 + i * DAY,
					       .stack = (char *)(uintptr_t)stack,
					       .tier = (char *)(uintptr_t) "web",
					       .known = i + 1 };
		const struct db_ledger_entry entry = { .rows = &row,
						       .n_rows = 1,
						       .day_length_ms = DAY };
		struct err e;

		assert_ok(db_ledger_enter(f->db, &entry, &e), &e);
	}
}

static const char *text_of(const json_t *doc, const char *key)
{
	const char *s = json_string_value(json_object_get(doc, key));

	return s ? s : "";
}

/* All items, page by page; *ret_pages is their number. */
static json_t *read_pages(const struct fixture *f, const char *path, size_t *ret_pages)
{
	json_t *all = json_array();
	char cursor[128] = "";

	*ret_pages = 0;
	do {
		CLEANUP(free)
		char *page = xasprintf("%s%s%s", path, *cursor ? "&cursor=" : "", cursor);
		CLEANUP(json_decref) json_t *doc = NULL;

		assert_int_equal(
			fixture_json(f, CALL(.path = page, .token = f->viewer), &doc),
			200);
		json_array_extend(all, json_object_get(doc, "items"));
		snprintf(cursor, sizeof(cursor), "%s", text_of(doc, "next"));
		++*ret_pages;
	} while (*cursor);
	return all;
}

static void its_pages_have_every_row_once_and_in_order(void **state)
{
	static const char *const rows[] = { "days=true&", "" };
	static const size_t n[] = { 99, 9 }; /* of 33 days in three months */
	const struct fixture *f = *state;

	enter_days(f, "shop", 33);
	enter_days(f, "shop-2", 33);
	enter_days(f, "app", 33);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(free) char *path = xasprintf("/v1/ledger?%smonth=all", rows[i]);
		CLEANUP(free) char *paged = xasprintf("%s&limit=4", path);
		CLEANUP(json_decref) json_t *whole = NULL;
		CLEANUP(json_decref) json_t *parts = NULL;
		static const char *const order[] = { "app", "shop", "shop-2" };
		size_t pages, j;
		json_t *row;

		whole = read_pages(f, path, &pages);
		assert_int_equal(pages, 1);
		parts = read_pages(f, paged, &pages);
		assert_int_equal(json_array_size(parts), n[i]);
		assert_int_equal(pages, (n[i] + 3) / 4);
		assert_true(json_equal(whole, parts));
		json_array_foreach(parts, j, row)
			assert_string_equal(text_of(row, "stack"), order[j % 3]);
	}
}

static long csv_of(const struct fixture *f, const char *query, struct http_res *res)
{
	CLEANUP(free) char *path = xasprintf("/v1/ledger?format=csv&%s", query);

	return fixture_call(f, CALL(.path = path, .token = f->viewer), res);
}

/* For spreadsheets: a line a row, under the names of the columns. */
static void it_comes_as_csv(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res two = { .status = 0 };
	CLEANUP(http_res_done) struct http_res none = { .status = 0 };
	const char *line;
	size_t n = 0;
	char type[64];

	enter_days(f, "shop", 2);
	assert_int_equal(csv_of(f, "days=true&month=2026-01&stack=shop", &two), 200);
	assert_true(http_res_header(&two, "Content-Type", type, sizeof(type)));
	assert_string_equal(type, "text/csv; charset=utf-8");
	assert_int_equal(strncmp(two.body.data, "period,stack,tier,", 18), 0);
	line = strstr(two.body.data, "\n2026-01-30,shop,web,");
	assert_non_null(line);
	assert_non_null(strstr(line, "\n2026-01-31,shop,web,"));
	for (const char *p = two.body.data; (p = strchr(p, '\n')); p++)
		n++;
	assert_int_equal(n, 3);
	/* The names alone, of a month without rows. */
	assert_int_equal(csv_of(f, "month=2025-01", &none), 200);
	assert_true(none.body.len > 0);
	assert_ptr_equal(strchr(none.body.data, '\n'),
			 none.body.data + none.body.len - 1);
	assert_memory_equal(none.body.data, two.body.data, none.body.len);
}

static void what_the_ledger_never_had_is_told_apart_from_nothing_yet(void **state)
{
	static const struct {
		const char *query;
		long status;
	} cases[] = {
		{ "stack=shop", 200 },         { "stack=shop&month=2020-01", 200 },
		{ "stack=none", 404 },         { "tier=none", 404 },
		{ "stack=shop&tier=no", 404 }, { "tier=web", 200 },
		{ "month=2026", 400 },         { "month=2026-13", 400 },
		{ "format=xml", 400 },         { "days=some", 400 },
	};
	const struct fixture *f = *state;

	enter_days(f, "shop", 2);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(free) char *path = xasprintf("/v1/ledger?%s", cases[i].query);
		const long got =
			fixture_status(f, CALL(.path = path, .token = f->viewer));

		if (got != cases[i].status)
			fail_msg("%s: %ld", cases[i].query, got);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_pages_have_every_row_once_and_in_order),
		TEST(it_comes_as_csv),
		TEST(what_the_ledger_never_had_is_told_apart_from_nothing_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
