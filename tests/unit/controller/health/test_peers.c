/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peers that break off, and the store's alarms. */
#include "test.h"

#include "check.h"
#include "store_alarm.h"
#include "unasked.h"

#include <string.h>

static void one_that_breaks_off_again_and_again_is_told_once(void **state)
{
	struct unasked *u = unasked_new();
	char text[512];
	int64_t now = 1;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_false(unasked_note(u, "10.0.0.7", now += 5000));
	assert_false(unasked_problem(u, now, text, sizeof(text)));
	assert_true(unasked_note(u, "10.0.0.7", now += 5000));
	assert_true(unasked_problem(u, now, text, sizeof(text)));
	assert_non_null(strstr(text, "10.0.0.7"));
	for (int i = 0; i < 100; i++)
		assert_false(unasked_note(u, "10.0.0.7", now += 5000));
	for (int i = 0; i < 15; i++)
		assert_false(unasked_note(u, "10.0.0.7", now += 5000));
	assert_true(unasked_note(u, "10.0.0.7", now += 60000));
	/* Over once it asks, or is silent; and not told anew at once. */
	unasked_clear(u, "10.0.0.7");
	assert_false(unasked_problem(u, now, text, sizeof(text)));
	for (int i = 0; i < 3; i++)
		assert_false(unasked_note(u, "10.0.0.7", now += 5000));
	assert_true(unasked_problem(u, now, text, sizeof(text)));
	unasked_clear(u, "10.0.0.7");
	for (int i = 0; i < 100; i++)
		assert_false(unasked_note(u, "10.0.0.8", now += 40));
	assert_false(unasked_problem(u, now, text, sizeof(text)));
	assert_true(unasked_note(u, "10.0.0.8", now += 2000));
	assert_true(unasked_problem(u, now, text, sizeof(text)));
	assert_false(unasked_problem(u, now + 300000, text, sizeof(text)));
	unasked_free(u);
}

static void strangers_without_end_do_not_grow_it(void **state)
{
	struct unasked *u = unasked_new();
	char address[48], text[512];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		snprintf(address, sizeof(address), "2001:db8::%x:%x", i >> 16,
			 i & 0xffff);
		assert_false(unasked_note(u, address, i));
	}
	assert_false(unasked_problem(u, 100000, text, sizeof(text)));
	unasked_free(u);
}

static const char *alarm_of(const char *answer, char *text, size_t size)
{
	return store_alarm_read(answer, strlen(answer), text, size);
}

static void alarms_are_told_in_words(void **state)
{
	char text[512];

	(void)state;
	assert_string_equal(alarm_of("{\"header\":{},\"alarms\":[{\"memberID\":\"1\","
				     "\"alarm\":\"NOSPACE\"}]}",
				     text, sizeof(text)),
			    "store-no-space");
	assert_non_null(strstr(text, "etcdctl alarm disarm"));
	assert_string_equal(
		alarm_of("{\"alarms\":[{\"alarm\":\"CORRUPT\"}]}", text, sizeof(text)),
		"store-alarm");
	assert_non_null(strstr(text, "CORRUPT"));
	assert_null(alarm_of("{\"header\":{}}", text, sizeof(text)));
	assert_null(alarm_of("{\"alarms\":[{\"alarm\":\"NONE\"},{\"alarm\":7},3]}", text,
			     sizeof(text)));
	assert_null(alarm_of("not JSON", text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_breaks_off_again_and_again_is_told_once),
		cmocka_unit_test(strangers_without_end_do_not_grow_it),
		cmocka_unit_test(alarms_are_told_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
