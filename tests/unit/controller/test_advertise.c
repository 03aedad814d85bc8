/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where hosts are told to find this controller. */
#include "test.h"

#include "advertise.h"
#include "check.h"
#include "cleanup.h"

#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void what_the_operator_states_is_told(void **state)
{
	char stated[] = "https://foretide.example:7071";
	const struct options o = { .advertise = stated };
	CLEANUP(free) char *url = NULL;
	struct err e;

	(void)state;
	assert_ok(advertised_url(&o, 1234, &url, &e), &e);
	assert_string_equal(url, stated);
}

static void else_it_is_an_address_that_others_may_reach(void **state)
{
	const struct options o = { .advertise = NULL };
	CLEANUP(free) char *url = NULL;
	struct err e;
	int rc = advertised_url(&o, 7071, &url, &e);

	(void)state;
	/* Of a machine that has none it is the next test. */
	if (rc < 0) {
		assert_int_equal(rc, ERR_INVAL);
		return;
	}
	assert_int_equal(strncmp(url, "https://", 8), 0);
	assert_null(strstr(url, "//127."));
	assert_string_equal(strrchr(url, ':'), ":7071");
}

/* In a child whose network is its own, and empty. */
static int ask_without_network(void)
{
	const struct options o = { .advertise = NULL };
	char *url = NULL;
	struct err e;

	if (unshare(CLONE_NEWNET | (geteuid() ? CLONE_NEWUSER : 0)) < 0)
		return 2;
	if (advertised_url(&o, 7071, &url, &e) != ERR_INVAL || url)
		return 3;
	return strstr(e.msg, "set controller.advertise to https://ADDRESS:7071") ? 0 : 4;
}

static void a_machine_without_an_address_is_told_what_to_set(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(ask_without_network());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_operator_states_is_told),
		cmocka_unit_test(else_it_is_an_address_that_others_may_reach),
		cmocka_unit_test(a_machine_without_an_address_is_told_what_to_set),
	};

	return cmocka_run_group_tests_name("advertise", tests, NULL, NULL);
}
