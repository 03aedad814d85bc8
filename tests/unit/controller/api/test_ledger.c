/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger in pages. */
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_pages_have_every_row_once_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
