/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a unit file sets. */
#include "test.h"

#include "check.h"
#include "spec.h"
#include "strv.h"

#include <signal.h>

static int parse(const char *text, struct unit_spec **ret, struct err *err)
{
	struct unit_specifiers s = { .unit = "x@1.service", .host = "h" };

	return unit_spec_parse(text, &s, ret, err);
}

static void options_are_read(void **state)
{
	CLEANUP(unit_spec_free) struct unit_spec *s = NULL;
	struct err e;

	(void)state;
	assert_ok(parse("[Unit]\nAfter=a.service b.service\nAfter=c.service\n"
			"StartLimitBurst=9\n[Service]\nType=notify\n"
			"ExecStart=-@/bin/prog name %i\nEnvironment=A=1 \"B=2 3\"\n"
			"Restart=on-failure\nRestartSec=250ms\nTimeoutSec=7\n"
			"LimitNOFILE=1K:2K\nKillMode=mixed\nPrivateTmp=yes\n"
			"SuccessExitStatus=3 SIGUSR1\n[X-Fleet]\nConflicts=x@*\n",
			&s, &e),
		  &e);
	assert_int_equal(strv_len(s->after), 3);
	assert_int_equal(s->start_limit_burst, 9);
	assert_int_equal(s->type, UNIT_NOTIFY);
	assert_string_equal(s->cmds[UNIT_EXEC_START].v[0].words[0], "/bin/prog");
	assert_string_equal(s->cmds[UNIT_EXEC_START].v[0].argv0, "name");
	assert_string_equal(s->cmds[UNIT_EXEC_START].v[0].words[1], "1");
	assert_true(s->cmds[UNIT_EXEC_START].v[0].ignore_failure);
	assert_string_equal(s->env[1], "B=2 3");
	assert_int_equal(s->restart, UNIT_RESTART_ON_FAILURE);
	assert_int_equal(s->restart_ms, 250);
	assert_int_equal(s->timeout_stop_ms, 7000);
	assert_int_equal(s->limits[0].limit.rlim_cur, 1024);
	assert_int_equal(s->limits[0].limit.rlim_max, 2048);
	assert_int_equal(s->kill_mode, UNIT_KILL_MIXED);
	assert_true(unit_exits_has(&s->success, false, 3));
	assert_true(unit_exits_has(&s->success, true, SIGUSR1));
	assert_false(unit_exits_has(&s->success, false, 4));
	assert_int_equal(strv_len(s->ignored), 1);
	assert_string_equal(s->ignored[0], "PrivateTmp");
}

static void tasks_are_a_number_a_share_or_unlimited(void **state)
{
	static const struct {
		const char *value;
		int64_t most;
		double share;
	} cases[] = { { "64", 64, 0 },
		      { "25%", 0, 0.25 },
		      { "infinity", -1, 0 },
		      { "64\nTasksMax=", 0, 0 } };
	static const char *const wrong[] = { "0", "-1", "0%", "101%", "x%", "many" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases) + ARRAY_SIZE(wrong); i++) {
		const bool right = i < ARRAY_SIZE(cases);
		CLEANUP(unit_spec_free) struct unit_spec *s = NULL;
		CLEANUP(free)
		char *text =
			xasprintf("[Service]\nExecStart=/bin/a\nTasksMax=%s\n",
				  right ? cases[i].value : wrong[i - ARRAY_SIZE(cases)]);
		struct err e;
		int rc = parse(text, &s, &e);

		assert_int_equal(rc, right ? 0 : ERR_INVAL);
		assert_true(!right || s->tasks_max == cases[i].most);
		assert_true(!right || s->tasks_share == cases[i].share);
	}
}

static void empty_assignments_empty_lists(void **state)
{
	CLEANUP(unit_spec_free) struct unit_spec *s = NULL;
	struct err e;

	(void)state;
	assert_ok(parse("[Service]\nExecStart=/bin/a\nExecStart=\nExecStart=/bin/b\n"
			"Environment=A=1\nEnvironment=\nEnvironment=B=2\n",
			&s, &e),
		  &e);
	assert_int_equal(s->cmds[UNIT_EXEC_START].n, 1);
	assert_string_equal(s->cmds[UNIT_EXEC_START].v[0].words[0], "/bin/b");
	assert_int_equal(strv_len(s->env), 1);
}

static void wrong_units_are_refused_by_line_and_name(void **state)
{
	static const char *const cases[][2] = {
		{ "[Service]\nExecStart=/bin/a\nRestartSec=soon\n",
		  "x@1.service:3: RestartSec: 'soon' is not a time span" },
		{ "[Service]\nType=dbus\nExecStart=/bin/a\n",
		  "x@1.service:2: Type: 'dbus' is not supported" },
		{ "[Unit]\nDescription=x\n", "x@1.service: the unit has no ExecStart" },
		{ "[Service]\nExecStart=/bin/a\nExecStart=/bin/b\n",
		  "x@1.service: more than one ExecStart needs Type=oneshot" },
		{ "[Service]\nExecStart=/bin/a 'b\n",
		  "x@1.service:2: ExecStart: the quote ' is not closed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct unit_spec *s = NULL;
		struct err e;

		assert_int_equal(parse(cases[i][0], &s, &e), ERR_INVAL);
		assert_string_equal(e.msg, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(tasks_are_a_number_a_share_or_unlimited),
		cmocka_unit_test(empty_assignments_empty_lists),
		cmocka_unit_test(wrong_units_are_refused_by_line_and_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
