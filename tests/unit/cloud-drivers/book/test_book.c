/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The book of machines: what it keeps, who may have it, and what is no book. */
#include "test.h"

#include "book.h"
#include "check.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DAY_MS (INT64_C(86400) * 1000)

static char dir[64];

static void add(struct book *b, const char *launch_id, const char *machine)
{
	struct book_entry e = { .given_ms = 5, .is_ready = true };
	struct err err;

	snprintf(e.launch_id, sizeof(e.launch_id), "%s", launch_id);
	snprintf(e.machine, sizeof(e.machine), "%s", machine);
	snprintf(e.owner, sizeof(e.owner), "us");
	assert_ok(book_add(b, &e, &err), &err);
}

static void what_was_saved_is_there_again(void **state)
{
	CLEANUP(book_done) struct book b = { .lock = -1 };
	struct err err;

	(void)state;
	assert_ok(book_open(dir, "a", 0, &b, &err), &err);
	assert_int_equal(b.n, 0);
	add(&b, "one", "m1");
	add(&b, "two", "");
	b.v[1].missed_ms = 7;
	b.v[1].is_ending = true;
	assert_ok(book_save(&b, 10, &err), &err);
	add(&b, "three", "m3");
	book_done(&b);
	assert_ok(book_open(dir, "a", 0, &b, &err), &err);
	assert_int_equal(b.n, 2);
	assert_string_equal(book_find(&b, "one")->machine, "m1");
	assert_string_equal(book_find(&b, "one")->owner, "us");
	assert_true(book_find(&b, "one")->is_ready);
	assert_int_equal(book_find(&b, "two")->missed_ms, 7);
	assert_true(book_find(&b, "two")->is_ending);
	assert_null(book_find(&b, "three"));
}

static void one_process_has_it_at_a_time(void **state)
{
	CLEANUP(book_done) struct book b = { .lock = -1 };
	CLEANUP(book_done) struct book other = { .lock = -1 };
	struct err err;

	(void)state;
	assert_ok(book_open(dir, "a", 0, &b, &err), &err);
	assert_int_equal(book_open(dir, "a", 5, &other, &err), ERR_CONFLICT);
	assert_ok(book_open(dir, "another", 0, &other, &err), &err);
	book_done(&b);
	book_done(&other);
	assert_ok(book_open(dir, "a", 0, &other, &err), &err);
}

static void a_machine_is_free_when_its_launch_has_ended(void **state)
{
	CLEANUP(book_done) struct book b = { .lock = -1 };
	struct err err;

	(void)state;
	assert_ok(book_open(dir, "a", 0, &b, &err), &err);
	add(&b, "one", "m1");
	assert_ptr_equal(book_holder(&b, "m1"), &b.v[0]);
	assert_null(book_holder(&b, "m2"));
	book_end(&b.v[0], 99);
	assert_null(book_holder(&b, "m1"));
	assert_int_equal(book_freed_ms(&b, "m1"), 99);
	assert_non_null(book_find(&b, "one"));
}

static void an_ended_launch_is_kept_for_a_week(void **state)
{
	CLEANUP(book_done) struct book b = { .lock = -1 };
	struct err err;

	(void)state;
	assert_ok(book_open(dir, "a", 0, &b, &err), &err);
	add(&b, "old", "m1");
	add(&b, "living", "m2");
	book_end(&b.v[0], DAY_MS);
	assert_ok(book_save(&b, 7 * DAY_MS, &err), &err);
	assert_non_null(book_find(&b, "old"));
	assert_ok(book_save(&b, 9 * DAY_MS, &err), &err);
	assert_null(book_find(&b, "old"));
	assert_non_null(book_find(&b, "living"));
}

static void what_is_no_book_gives_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"{}",
		"{\"format\": 2, \"entries\": []}",
		"{\"format\": 1, \"entries\": [{}]}",
		"{\"format\": 1, \"entries\": [7]}",
	};
	CLEANUP(free) char *path = xasprintf("%s/a.json", dir);
	CLEANUP(book_done) struct book b = { .lock = -1 };
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		FILE *f = fopen(path, "we");

		assert_non_null(f);
		fputs(texts[i], f);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(book_open(dir, "a", 0, &b, &err), ERR_STORE);
		assert_non_null(strstr(err.msg, path));
	}
}

static void it_is_for_its_owner_alone(void **state)
{
	CLEANUP(free) char *deep = xasprintf("%s/x/y", dir);
	CLEANUP(free) char *path = xasprintf("%s/a.json", deep);
	CLEANUP(book_done) struct book b = { .lock = -1 };
	struct stat st;
	struct err err;

	(void)state;
	assert_ok(book_open(deep, "a", 0, &b, &err), &err);
	assert_ok(book_save(&b, 0, &err), &err);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/ft-book-test-XXXXXX");
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_saved_is_there_again),
		TEST(one_process_has_it_at_a_time),
		TEST(a_machine_is_free_when_its_launch_has_ended),
		TEST(an_ended_launch_is_kept_for_a_week),
		TEST(what_is_no_book_gives_nothing),
		TEST(it_is_for_its_owner_alone),
	};

	return cmocka_run_group_tests_name("book", tests, NULL, NULL);
}
