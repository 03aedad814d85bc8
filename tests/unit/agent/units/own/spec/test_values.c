/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time spans and signals in unit files. */
#include "test.h"

#include "check.h"
#include "values.h"

#include <signal.h>

static void time_spans_are_systemds(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = { { "5", 5000 },         { "1min 20s", 80000 },
		      { "2h", 7200000 },     { "100ms", 100 },
		      { "1.5", 1500 },       { "infinity", -1 },
		      { "1 day", 86400000 }, { "0", 0 } };
	int64_t ms;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_ok(unit_time_span(cases[i].text, &ms, &e), &e);
		assert_int_equal(ms, cases[i].ms);
	}
	assert_int_equal(unit_time_span("5 parsecs", &ms, &e), ERR_INVAL);
	assert_int_equal(unit_time_span("", &ms, &e), ERR_INVAL);
}

static void signals_have_names_and_numbers(void **state)
{
	int n;
	struct err e;

	(void)state;
	assert_ok(unit_signal("SIGTERM", &n, &e), &e);
	assert_int_equal(n, SIGTERM);
	assert_ok(unit_signal("usr1", &n, &e), &e);
	assert_int_equal(n, SIGUSR1);
	assert_ok(unit_signal("9", &n, &e), &e);
	assert_int_equal(n, 9);
	assert_ok(unit_signal("RTMIN+3", &n, &e), &e);
	assert_int_equal(n, SIGRTMIN + 3);
	assert_int_equal(unit_signal("SIGNONE", &n, &e), ERR_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_spans_are_systemds),
		cmocka_unit_test(signals_have_names_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
