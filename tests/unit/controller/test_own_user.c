/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "cleanup.h"
#include "own_user.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct paper {
	char path[64];
};

static int setup(void **state)
{
	struct paper *p = xcalloc(1, sizeof(*p));
	int fd;

	snprintf(p->path, sizeof(p->path), "/tmp/foretide-own-user-XXXXXX");
	fd = mkstemp(p->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "pass word\nmore", 14), 14);
	close(fd);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct paper *p = *state;

	unlink(p->path);
	free(p);
	return 0;
}

static void without_a_user_there_is_no_password(void **state)
{
	const struct options o = { .store_url = (char[]){ "http://e:2379" } };
	char *password = (char[]){ "x" };
	struct err e;

	(void)state;
	assert_ok(own_user_password(&o, &password, &e), &e);
	assert_null(password);
}

static void a_password_is_the_first_line_of_its_file(void **state)
{
	struct paper *p = *state;
	const struct options o = { .store_url = (char[]){ "http://e:2379" },
				   .store_user = (char[]){ "root" },
				   .store_password_file = p->path,
				   .store_auth = true };
	CLEANUP(free) char *password = NULL;
	struct err e;

	assert_ok(own_user_password(&o, &password, &e), &e);
	assert_string_equal(password, "pass word");
}

static void a_file_that_others_may_read_is_refused(void **state)
{
	struct paper *p = *state;
	const struct options o = { .store_url = (char[]){ "http://e:2379" },
				   .store_user = (char[]){ "root" },
				   .store_password_file = p->path };
	char *password;
	struct err e;

	assert_int_equal(chmod(p->path, 0640), 0);
	assert_int_equal(own_user_password(&o, &password, &e), ERR_DENIED);
	assert_non_null(strstr(e.msg, "chmod 0600"));
	assert_int_equal(chmod(p->path, 0600), 0);
	assert_int_equal(truncate(p->path, 0), 0);
	assert_int_equal(own_user_password(&o, &password, &e), ERR_INVAL);
	assert_int_equal(unlink(p->path), 0);
	assert_int_equal(own_user_password(&o, &password, &e), ERR_NOT_FOUND);
}

static void options_that_contradict_each_other_are_refused(void **state)
{
	char url[] = "http://e:2379", root[] = "root", other[] = "admin", file[] = "/x";
	const struct {
		struct options o;
		const char *words;
	} rows[] = {
		{ { .store_url = url, .store_auth = true }, "store.user must be set" },
		{ { .store_url = url, .store_password_file = file }, "must be set" },
		{ { .store_user = root, .store_password_file = file }, "set store.url" },
		{ { .store_url = url, .store_user = root }, "needs store.password_file" },
		{ { .store_url = url,
		    .store_user = other,
		    .store_password_file = file,
		    .store_auth = true },
		  "set store.user = root" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *password;
		struct err e;

		assert_int_equal(own_user_password(&rows[i].o, &password, &e), ERR_INVAL);
		assert_non_null(strstr(e.msg, rows[i].words));
	}
}

#define PAPER_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_user_there_is_no_password),
		PAPER_TEST(a_password_is_the_first_line_of_its_file),
		PAPER_TEST(a_file_that_others_may_read_is_refused),
		cmocka_unit_test(options_that_contradict_each_other_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
