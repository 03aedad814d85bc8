/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a service that is not root may read, and what it says otherwise. */
#include "test.h"

#include "check.h"
#include "cleanup.h"
#include "file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static char folder[64], path[80];

static int setup(void **state)
{
	struct err e;

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/foretide-readable-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0755), 0);
	snprintf(path, sizeof(path), "%s/etcd.key", folder);
	assert_ok(file_write(path, "key", 3, 0600, &e), &e);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	rmdir(folder);
	return 0;
}

/* As the user nobody, in a process of its own; the message is compared there. */
static int look(const char *file, const char *words)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = { .msg = "" };
		int rc;

		if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(100);
		rc = file_check_readable(file, &e);
		if (!strstr(e.msg, words)) {
			fprintf(stderr, "'%s' is not in '%s'\n", words, e.msg);
			_exit(101);
		}
		_exit(-rc);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void a_file_of_another_is_told_with_the_command(void **state)
{
	CLEANUP(free)
	char *words = xasprintf("user nobody cannot read %s: run chgrp ", path);
	CLEANUP(free) char *command = xasprintf("%s && chmod g+r %s", path, path);

	(void)state;
	assert_int_equal(look(path, words), ERR_DENIED);
	assert_int_equal(look(path, command), ERR_DENIED);
	/* What it says is enough. */
	assert_int_equal(chown(path, 0, NOBODY), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(look(path, ""), 0);
}

static void a_group_of_its_own_is_left_to_the_file(void **state)
{
	(void)state;
	assert_int_equal(chown(path, 0, 1), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(look(path, "run usermod -aG daemon nobody"), ERR_DENIED);
}

static void a_folder_on_the_way_is_told(void **state)
{
	CLEANUP(free) char *words = xasprintf("may not enter the folder %s:", folder);

	(void)state;
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(look(path, words), ERR_DENIED);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(look(path, ""), 0);
}

static void a_file_that_is_not_there_is_told(void **state)
{
	(void)state;
	assert_int_equal(look("/nowhere/etcd.key", "/nowhere/etcd.key"), ERR_NOT_FOUND);
	assert_int_equal(look("", ""), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_file_of_another_is_told_with_the_command, setup, teardown),
		cmocka_unit_test_setup_teardown(a_group_of_its_own_is_left_to_the_file,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_folder_on_the_way_is_told, setup,
						teardown),
		cmocka_unit_test(a_file_that_is_not_there_is_told),
	};

	if (geteuid() != 0) {
		fputs("skipped: it takes root to become another user\n", stderr);
		return 0;
	}
	return cmocka_run_group_tests_name("file_readable", tests, NULL, NULL);
}
