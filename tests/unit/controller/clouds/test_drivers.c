/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files are drivers: each other one is refused in words. */
#include "test.h"

#include "catch_log.h"
#include "check.h"
#include "clouds.h"
#include "said.h"
#include "text.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#define CONFIG "{\"dir\": \"/nonexistent\"}"

struct folder {
	char path[64];
	char drivers[300];
};

/* What loads drivers, which is looked for beside them. */
static void link_program(const struct folder *f, const char *build)
{
	CLEANUP(free) char *given = xasprintf("%s/foretide-driver", build);
	CLEANUP(free) char *program = realpath(given, NULL);
	CLEANUP(free) char *path = xasprintf("%s/foretide-driver", f->path);

	assert_non_null(program);
	assert_int_equal(symlink(program, path), 0);
}

static int setup(void **state)
{
	struct folder *f = xcalloc(1, sizeof(*f));
	const char *build = getenv("B");

	snprintf(f->drivers, sizeof(f->drivers), "%s/drivers", build ? build : "build");
	snprintf(f->path, sizeof(f->path), "/tmp/foretide-drivers-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	link_program(f, build ? build : "build");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	static const char *const files[] = {
		"newer.so", "older.so",   "other.so",
		"text.so",  "library.so", "foretide-driver"
	};
	struct folder *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		CLEANUP(free) char *path = xasprintf("%s/%s", f->path, files[i]);

		unlink(path);
	}
	rmdir(f->path);
	free(f);
	return 0;
}

static void write_file(struct folder *f, const char *name, const void *bytes, size_t n)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", f->path, name);
	FILE *to = fopen(path, "we");

	assert_non_null(to);
	assert_int_equal(fwrite(bytes, 1, n, to), n);
	assert_int_equal(fclose(to), 0);
}

static struct buf read_file(const char *path)
{
	FILE *from = fopen(path, "re");
	struct buf b;
	char piece[65536];
	size_t n;

	assert_non_null(from);
	buf_init(&b, 16u << 20);
	while ((n = fread(piece, 1, sizeof(piece), from)) > 0)
		buf_add(&b, piece, n);
	fclose(from);
	return b;
}

/* Where in its file the driver's table begins. */
struct table {
	uintptr_t at;
	size_t offset; /* 0: not found */
};

static int find_table(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct table *t = arg;

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		const uintptr_t from = info->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_LOAD && t->at >= from && t->at < from + p->p_filesz)
			t->offset = t->at - from + p->p_offset;
	}
	return t->offset != 0;
}

/* The fake driver as one of another version of the ABI. */
static void write_of_abi(struct folder *f, const char *name, uint32_t major,
			 uint32_t minor)
{
	CLEANUP(free) char *path = xasprintf("%s/fake.so", f->drivers);
	CLEANUP(buf_done) struct buf file = read_file(path);
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	struct table t = { 0 };

	assert_non_null(library);
	t.at = (uintptr_t)dlsym(library, "drv_ops");
	assert_true(dl_iterate_phdr(find_table, &t));
	assert_true(t.offset + 8 <= file.len);
	memcpy(file.data + t.offset, &major, sizeof(major));
	memcpy(file.data + t.offset + 4, &minor, sizeof(minor));
	write_file(f, name, file.data, file.len);
	dlclose(library);
}

static void assert_refused(const char *dir, const char *name, int code, const char *words)
{
	struct driver *d = NULL;
	struct err e;

	assert_int_equal(driver_open(NULL, dir, name, CONFIG, &d, &e), code);
	assert_null(d);
	if (!strstr(e.msg, words))
		fail_msg("'%s' does not say '%s'", e.msg, words);
}

static void a_driver_is_opened_and_closed(void **state)
{
	struct folder *f = *state;
	CLEANUP(driver_close) struct driver *d = NULL;
	struct err e;

	assert_ok(driver_open(NULL, f->drivers, "fake", CONFIG, &d, &e), &e);
	assert_string_equal(d->ops->name, "fake");
	assert_non_null(d->drv);
	driver_close(NULL);
}

static void options_that_it_rejects_are_told_in_its_words(void **state)
{
	struct folder *f = *state;
	struct driver *d = NULL;
	struct err e;

	assert_int_equal(
		driver_open(NULL, f->drivers, "fake", "{\"visible\": \"soon\"}", &d, &e),
		ERR_INVAL);
	assert_null(d);
	assert_memory_equal(e.msg, "driver 'fake': ", 15);
}

static void a_name_leads_to_no_other_folder(void **state)
{
	static const char *const names[] = { "",        "../fake", "a/b",        "Fake",
					     "fake.so", "a b",     "/etc/passwd" };
	struct folder *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_refused(f->drivers, names[i], ERR_INVAL,
			       "not a valid driver name");
	assert_refused(f->drivers,
		       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		       ERR_INVAL, "not a valid driver name");
}

static void one_that_is_not_there_is_named_with_those_that_are(void **state)
{
	struct folder *f = *state;

	assert_refused(f->path, "fake", ERR_NOT_FOUND,
		       "there is no driver 'fake' in /tmp");
	assert_refused(f->path, "fake", ERR_NOT_FOUND, ": it has none");
	write_file(f, "b.so", "b", 1);
	write_file(f, "a.so", "a", 1);
	write_file(f, "README", "c", 1);
	assert_refused(f->path, "fake", ERR_NOT_FOUND, ": it has a, b");
}

static void a_file_that_is_no_library_or_no_driver_is_refused(void **state)
{
	struct folder *f = *state;
	CLEANUP(free) char *path = xasprintf("%s/library.so", f->path);
	Dl_info libc;

	write_file(f, "text.so", "hello", 5);
	assert_refused(f->path, "text", ERR_ABI, "cannot be loaded");
	assert_true(dladdr((void *)(uintptr_t)json_object, &libc));
	assert_int_equal(symlink(libc.dli_fname, path), 0);
	assert_refused(f->path, "library", ERR_ABI, "has no symbol 'drv_ops'");
}

static void a_driver_of_another_abi_is_not_called(void **state)
{
	struct folder *f = *state;

	CLEANUP(free)
	char *newer = xasprintf("driver 'newer' is for ABI %u.%u", DRV_ABI_MAJOR,
				DRV_ABI_MINOR + 1);

	write_of_abi(f, "newer.so", DRV_ABI_MAJOR, DRV_ABI_MINOR + 1);
	write_of_abi(f, "older.so", DRV_ABI_MAJOR - 1, DRV_ABI_MINOR);
	assert_refused(f->path, "newer", ERR_ABI, newer);
	assert_refused(f->path, "older", ERR_ABI, "driver 'older' is for ABI 0.");
}

static void a_file_holds_the_driver_of_its_name(void **state)
{
	struct folder *f = *state;

	write_of_abi(f, "other.so", DRV_ABI_MAJOR, DRV_ABI_MINOR);
	assert_refused(f->path, "other", ERR_ABI, "other.so holds the driver 'fake'");
}

static void say(struct said *s, const char *level, const char *event, const char *detail)
{
	CLEANUP(json_decref)
	json_t *log = json_pack("{s:s, s:s, s:s}", "level", level, "event", event,
				"detail", detail);

	said_event(s, "cloud", log);
}

static void what_a_driver_logs_is_in_the_log_at_its_level(void **state)
{
	struct catch_log c;
	struct said s = { 0 };

	(void)state;
	catch_log_begin(&c);
	say(&s, "warn", "quota-low", "3 left\nof 5");
	say(&s, "debug", "asked", "not wanted");
	catch_log_end(&c);
	assert_non_null(strstr(c.text, " warn driver-event driver=\"cloud\" "
				       "event=\"quota-low\""));
	assert_int_equal(catch_log_count(&c, "\n"), 1);
}

static void a_driver_that_logs_without_end_is_cut(void **state)
{
	struct catch_log c;
	struct said s = { 0 };

	(void)state;
	catch_log_begin(&c);
	for (int i = 0; i < 1000; i++)
		say(&s, "warn", "e", "d");
	catch_log_end(&c);
	assert_int_equal(catch_log_count(&c, "driver-event"), 100);
	assert_int_equal(catch_log_count(&c, "driver-says-too-much"), 1);
}

#define LOAD_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOAD_TEST(a_driver_is_opened_and_closed),
		LOAD_TEST(options_that_it_rejects_are_told_in_its_words),
		LOAD_TEST(a_name_leads_to_no_other_folder),
		LOAD_TEST(one_that_is_not_there_is_named_with_those_that_are),
		LOAD_TEST(a_file_that_is_no_library_or_no_driver_is_refused),
		LOAD_TEST(a_driver_of_another_abi_is_not_called),
		LOAD_TEST(a_file_holds_the_driver_of_its_name),
		LOAD_TEST(what_a_driver_logs_is_in_the_log_at_its_level),
		LOAD_TEST(a_driver_that_logs_without_end_is_cut),
	};

	return cmocka_run_group_tests_name("drivers", tests, NULL, NULL);
}
