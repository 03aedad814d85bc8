/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program with its loader and libraries, which are this machine's; that it runs where
 * there are none is in tests/system/test_portable_agent.py. */
#include "test.h"

#include "check.h"
#include "portable.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct portable *of(const char *path)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return portable_new(fd);
}

static struct portable_file get(struct portable *p)
{
	struct portable_file f = { .fd = -1 };
	struct err e;

	assert_ok(portable_get(p, true, &f, &e), &e);
	return f;
}

static char *shell(const char *command)
{
	FILE *f = popen(command, "r");
	char *text = xcalloc(1, 65536);

	assert_non_null(f);
	(void)!fread(text, 1, 65535, f);
	assert_int_equal(pclose(f), 0);
	return text;
}

static void a_program_brings_its_loader_and_libraries(void **state)
{
	CLEANUP(portable_free) struct portable *p = of("/bin/echo");
	const struct portable_file f = get(p);
	CLEANUP(free)
	char *command = xasprintf("d=$(mktemp -d) && tar -xf /proc/%d/fd/%d -C $d && "
				  "$d/lib/foretide-agent --inhibit-cache --library-path "
				  "$d/lib $d/lib/agent it runs; rm -r $d",
				  getpid(), f.fd);
	CLEANUP(free) char *said = NULL;

	(void)state;
	said = shell(command);
	assert_string_equal(said, "it runs\n");
	assert_int_equal(f.size, lseek(f.fd, 0, SEEK_END));
}

static void the_same_program_gives_the_same_bytes(void **state)
{
	CLEANUP(portable_free) struct portable *first = of("/bin/echo");
	CLEANUP(portable_free) struct portable *second = of("/bin/echo");
	CLEANUP(portable_free) struct portable *other = of("/bin/cat");

	(void)state;
	assert_string_equal(get(first).sum, get(second).sum);
	assert_string_equal(get(first).sum, get(first).sum);
	assert_string_not_equal(get(first).sum, get(other).sum);
}

static void who_does_not_wait_is_told_that_it_is_being_made(void **state)
{
	CLEANUP(portable_free) struct portable *p = of("/bin/echo");
	struct portable_file f, made;
	struct err e;

	(void)state;
	assert_int_equal(portable_get(p, false, &f, &e), ERR_UNAVAIL);
	assert_non_null(strstr(e.msg, "is being made"));
	made = get(p);
	assert_ok(portable_get(p, false, &f, &e), &e);
	assert_string_equal(f.sum, made.sum);
}

static void what_has_no_loader_has_none(void **state)
{
	CLEANUP(portable_free) struct portable *script = of("/usr/bin/ldd");
	CLEANUP(portable_free) struct portable *none = portable_new(-1);
	struct portable_file f;
	struct err e;

	(void)state;
	assert_int_equal(portable_get(script, true, &f, &e), ERR_UNAVAIL);
	assert_non_null(strstr(e.msg, "its log says why"));
	assert_int_equal(portable_get(none, true, &f, &e), ERR_UNAVAIL);
	assert_non_null(strstr(e.msg, "no agent"));
}

static void nobody_is_left_when_it_ends_while_it_is_made(void **state)
{
	struct portable_file f;
	struct err e;

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct portable *p = of("/bin/echo");

		assert_int_equal(portable_get(p, false, &f, &e), ERR_UNAVAIL);
		portable_free(p);
	}
	portable_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_brings_its_loader_and_libraries),
		cmocka_unit_test(the_same_program_gives_the_same_bytes),
		cmocka_unit_test(who_does_not_wait_is_told_that_it_is_being_made),
		cmocka_unit_test(what_has_no_loader_has_none),
		cmocka_unit_test(nobody_is_left_when_it_ends_while_it_is_made),
	};

	return cmocka_run_group_tests_name("portable", tests, NULL, NULL);
}
