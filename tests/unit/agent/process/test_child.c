/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that are run beside the loop. */
#include "test.h"

#include "check.h"
#include "clock.h"
#include "process.h"

#include <string.h>

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
		cmocka_unit_test(computations_report_results_and_their_own_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
