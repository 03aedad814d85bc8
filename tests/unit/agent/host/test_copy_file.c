/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of the store on disk, and the marks of withdrawn records. */
#include "copy_file.h"
#include "withdrawal.h"

#include "test.h"

#include "check.h"
#include "file.h"
#include "text.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "/skydns/"

struct setup {
	char dir[64];
	char *path;
	char seen[256]; /* "key=value " */
};

static int set_up(void **state)
{
	struct setup *s = xcalloc(1, sizeof(*s));

	snprintf(s->dir, sizeof(s->dir), "/tmp/foretide-copy-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	s->path = copy_file_path(s->dir, PREFIX);
	*state = s;
	return 0;
}

static bool none(void *arg, const char *path)
{
	(void)arg;
	(void)path;
	return false;
}

static int tear_down(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *folder = xasprintf("%s/copies", s->dir);

	copy_file_tidy(s->dir, none, NULL);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(rmdir(s->dir), 0);
	free(s->path);
	free(s);
	return 0;
}

static void add(struct buf *b, const char *key, const char *value)
{
	copy_file_add(b, &(struct store_kv){ .key = key,
					     .key_len = strlen(key),
					     .value = value,
					     .value_len = strlen(value),
					     .mod_rev = 7,
					     .lease = 42 });
}

static void write_text(const struct setup *s, const char *text, size_t len)
{
	struct err err;

	assert_ok(file_replace(s->path, text, len, 0600, false, &err), &err);
}

/* Three keys, the second with what a text file would not bear. */
static char *three(void)
{
	struct buf b;

	buf_init(&b, COPY_FILE_MAX);
	copy_file_begin(&b, PREFIX);
	add(&b, PREFIX "a", "1");
	add(&b, PREFIX "b", "two\nlines \x01");
	add(&b, PREFIX "c", "");
	return buf_take(&b);
}

static void on_key(void *arg, const struct store_kv *kv)
{
	struct setup *s = arg;
	size_t n = strlen(s->seen);

	assert_int_equal(kv->mod_rev, 7);
	assert_int_equal(kv->lease, 42);
	snprintf(s->seen + n, sizeof(s->seen) - n, "%s=%s;", kv->key, kv->value);
}

static size_t read_all(struct setup *s)
{
	size_t damaged = 99;
	struct err err;

	s->seen[0] = '\0';
	assert_ok(copy_file_read(s->path, PREFIX, on_key, s, &damaged, &err), &err);
	return damaged;
}

static void what_was_saved_is_read(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *text = three();
	struct err err;
	size_t damaged;

	assert_int_equal(copy_file_read(s->path, PREFIX, on_key, s, &damaged, &err),
			 ERR_NOT_FOUND);
	write_text(s, text, strlen(text));
	assert_int_equal(read_all(s), 0);
	assert_string_equal(s->seen, "/skydns/a=1;/skydns/b=two\nlines \x01;/skydns/c=;");
}

static void a_damaged_byte_costs_one_key_at_most(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *text = three();
	const size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		static const char bytes[] = { '\0', '\n', ' ', 'x' };

		for (size_t k = 0; k < sizeof(bytes); k++) {
			const char was = text[i];
			size_t damaged, keys = 0;

			if (was == bytes[k])
				continue;
			text[i] = bytes[k];
			write_text(s, text, len);
			damaged = read_all(s);
			for (const char *p = s->seen; (p = strchr(p, ';')); p++)
				keys++;
			/* The newline between two lines joins both. */
			assert_true(keys >= (was == '\n' ? 1 : 2));
			assert_true(keys == 3 || damaged > 0);
			text[i] = was;
		}
	}
}

static void a_file_that_was_cut_off_has_its_first_keys(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *text = three();

	write_text(s, text, strlen(text) - 5);
	assert_int_equal(read_all(s), 1);
	assert_non_null(strstr(s->seen, "/skydns/b="));
	write_text(s, "", 0);
	assert_int_equal(read_all(s), 1);
	assert_string_equal(s->seen, "");
}

/* As some file systems leave one after a power cut. */
static void a_file_of_zeros_is_read_in_no_time(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *zeros = xcalloc(1, COPY_FILE_MAX - 1);

	write_text(s, zeros, COPY_FILE_MAX - 1);
	alarm(PATIENCE_MS / 1000);
	assert_int_equal(read_all(s), 1);
	alarm(0);
	assert_string_equal(s->seen, "");
}

static void keys_of_another_prefix_are_not_taken(void **state)
{
	struct setup *s = *state;
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, COPY_FILE_MAX);
	copy_file_begin(&b, PREFIX);
	add(&b, "/foretide/secrets/x", "1");
	add(&b, PREFIX "a", "1");
	write_text(s, b.data, b.len);
	assert_int_equal(read_all(s), 1);
	assert_string_equal(s->seen, "/skydns/a=1;");
}

static bool is_mine(void *arg, const char *path)
{
	return strcmp(path, arg) == 0;
}

static void files_of_no_copy_are_removed(void **state)
{
	struct setup *s = *state;
	CLEANUP(free) char *other = copy_file_path(s->dir, "/foretide/conf/shop/web/");
	struct err err;

	write_text(s, "x", 1);
	assert_ok(file_replace(other, "x", 1, 0600, false, &err), &err);
	copy_file_tidy(s->dir, is_mine, s->path);
	assert_int_equal(access(s->path, F_OK), 0);
	assert_int_equal(access(other, F_OK), -1);
}

static void a_withdrawal_is_the_record_with_a_mark(void **state)
{
	static const char *const records[] = { "{\"host\":\"10.90.0.7\",\"port\":80}",
					       "not JSON", "[1]", "{}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		CLEANUP(free) char *last = withdrawal_of(records[i]);

		assert_false(is_withdrawal(records[i], strlen(records[i])));
		assert_true(is_withdrawal(last, strlen(last)));
		if (i == 0)
			assert_string_equal(last, "{\"host\":\"10.90.0.7\",\"port\":80,"
						  "\"withdrawn\":true}");
	}
	assert_false(is_withdrawal("{\"withdrawn\":false}", 19));
	assert_false(is_withdrawal("withdrawn", 9));
	assert_false(is_withdrawal("", 0));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_was_saved_is_read),
		TEST(a_damaged_byte_costs_one_key_at_most),
		TEST(a_file_that_was_cut_off_has_its_first_keys),
		TEST(a_file_of_zeros_is_read_in_no_time),
		TEST(keys_of_another_prefix_are_not_taken),
		TEST(files_of_no_copy_are_removed),
		cmocka_unit_test(a_withdrawal_is_the_record_with_a_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
