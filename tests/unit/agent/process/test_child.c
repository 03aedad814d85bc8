/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that are run beside the loop. */
#include "test.h"

#include "check.h"
#include "clock.h"
#include "leak.h"
#include "process.h"

#include <string.h>
#include <unistd.h>

struct outcome {
	bool told;
	int code;
	char text[ERR_MSG_MAX];
	char out[64];
};

static void on_child(void *arg, const char *out, size_t len, const struct err *err)
{
	struct outcome *o = arg;

	(void)len;
	o->told = true;
	o->code = err ? err->code : 0;
	snprintf(o->text, sizeof(o->text), "%s", err ? err->msg : "");
	snprintf(o->out, sizeof(o->out), "%s", out);
}

static struct outcome run_child(const char *command, int64_t ms, size_t max)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	struct outcome o = { 0 };
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	struct err e;

	assert_ok(loop_new(&loop, &e), &e);
	assert_non_null(child_shell(loop, command, ms, max, on_child, &o));
	while (!o.told && clock_mono_ms() < until)
		loop_once(loop, 50);
	assert_true(o.told);
	return o;
}

static void commands_report_output_status_and_limits(void **state)
{
	struct outcome o = run_child("echo hello", PATIENCE_MS, 100);

	(void)state;
	assert_int_equal(o.code, 0);
	assert_string_equal(o.out, "hello\n");
	o = run_child("echo no >&2; exit 3", PATIENCE_MS, 100);
	assert_int_equal(o.code, ERR_UNAVAIL);
	assert_string_equal(o.text, "the command exited with status 3: no\n");
	o = run_child("sleep 100 & sleep 100", 50, 100);
	assert_int_equal(o.code, ERR_TIMEOUT);
	o = run_child("yes", PATIENCE_MS, 1000);
	assert_int_equal(o.code, ERR_LIMIT);
}

/* What would show a descriptor, a variable or a capability of this process. */
#define SHOW                                                                           \
	"for f in /proc/self/fd/*; do case ${f##*/} in 0|1|2|3) ;; *) "                \
	"[ ! -e $f ] || exit 31 ;; esac; done; "                                       \
	"[ ! -e /proc/self/fd/77 ] || exit 32; [ -z \"$FORETIDE_LEAK\" ] || exit 33; " \
	"[ \"$(env | cut -d= -f1 | grep -cvE "                                         \
	"'^(PATH|HOME|LANG|PWD|OLDPWD|SHLVL|_)$')\" "                                  \
	"= 0 ] || exit 34; "                                                           \
	"grep -qE '^CapAmb:[[:space:]]*0+$' /proc/self/status || exit 35; "            \
	"grep -qE '^CapInh:[[:space:]]*0+$' /proc/self/status || exit 36"

static void on_shell(void *arg, const struct err *err)
{
	struct outcome *o = arg;

	o->told = true;
	o->code = err ? err->code : 0;
	snprintf(o->text, sizeof(o->text), "%s", err ? err->msg : "");
}

static struct outcome run_shell(const char *command, int64_t ms)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	struct outcome o = { 0 };
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	struct shell *shell;
	struct err e;

	assert_ok(loop_new(&loop, &e), &e);
	assert_ok(shell_run(loop, command, ms, on_shell, &o, &shell, &e), &e);
	while (!o.told && clock_mono_ms() < until)
		loop_once(loop, 50);
	assert_true(o.told);
	return o;
}

static void commands_inherit_nothing(void **state)
{
	struct outcome child, shell;

	(void)state;
	leak();
	child = run_child(SHOW, PATIENCE_MS, 10000);
	shell = run_shell(SHOW, PATIENCE_MS);
	unleak();
	assert_string_equal(child.text, "");
	assert_int_equal(child.code, 0);
	assert_string_equal(shell.text, "");
	assert_int_equal(shell.code, 0);
}

static void an_operators_command_is_told_with_what_it_said(void **state)
{
	struct outcome o = run_shell("echo fine", PATIENCE_MS);

	(void)state;
	assert_int_equal(o.code, 0);
	o = run_shell("echo one; echo two >&2; exit 4", PATIENCE_MS);
	assert_int_equal(o.code, ERR_INVAL);
	assert_string_equal(o.text, "it exited with status 4: one\ntwo");
	o = run_shell("echo dying; kill -9 $$", PATIENCE_MS);
	assert_int_equal(o.code, ERR_INVAL);
	assert_string_equal(o.text, "it was killed by signal 9: dying");
	/* With all that it started. */
	o = run_shell("sleep 1000 & sleep 1000", 50);
	assert_int_equal(o.code, ERR_TIMEOUT);
	assert_non_null(strstr(o.text, "it did not exit within 50 ms"));
}

static int compute(void *arg, struct buf *out, struct err *err)
{
	const char *what = arg;

	if (strcmp(what, "fails") == 0)
		return err_set(err, ERR_NOT_FOUND, "no such %d", 7);
	while (strcmp(what, "endless") == 0)
		;
	if (strcmp(what, "crashes") == 0)
		abort();
	buf_puts(out, what);
	return 0;
}

static struct outcome run_compute(const char *what, int64_t ms)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	struct outcome o = { 0 };
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	char text[16];
	struct err e;

	snprintf(text, sizeof(text), "%s", what);
	assert_ok(loop_new(&loop, &e), &e);
	assert_non_null(child_compute(loop, compute, text, ms, 8192, on_child, &o));
	/* It has a copy of what was there when it began. */
	strcpy(text, "later");
	while (!o.told && clock_mono_ms() < until)
		loop_once(loop, 50);
	assert_true(o.told);
	return o;
}

static void computations_report_results_and_their_own_errors(void **state)
{
	struct outcome o = run_compute("result", PATIENCE_MS);

	(void)state;
	assert_int_equal(o.code, 0);
	assert_string_equal(o.out, "result");
	o = run_compute("fails", PATIENCE_MS);
	assert_int_equal(o.code, ERR_NOT_FOUND);
	assert_string_equal(o.text, "no such 7");
	o = run_compute("endless", 50);
	assert_int_equal(o.code, ERR_TIMEOUT);
	o = run_compute("crashes", PATIENCE_MS);
	assert_int_equal(o.code, ERR_UNAVAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_report_output_status_and_limits),
		cmocka_unit_test(commands_inherit_nothing),
		cmocka_unit_test(an_operators_command_is_told_with_what_it_said),
		cmocka_unit_test(computations_report_results_and_their_own_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
