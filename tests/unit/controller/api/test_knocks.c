/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "clock.h"
#include "knocks.h"

#include <poll.h>
#include <stdio.h>

static void who_called_is_known_for_a_while(void **state)
{
	struct knocks *k = knocks_new();

	(void)state;
	assert_false(knocks_has(k, "web-1", 60000));
	knocks_note(k, "web-1");
	assert_true(knocks_has(k, "web-1", 60000));
	assert_false(knocks_has(k, "web-2", 60000));
	(void)poll(NULL, 0, 3);
	assert_false(knocks_has(k, "web-1", 1));
	knocks_note(k, "web-1");
	assert_true(knocks_has(k, "web-1", 60000));
	knocks_free(k);
}

static void of_many_the_latest_are_known(void **state)
{
	struct knocks *k = knocks_new();
	size_t known = 0;
	char name[32];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "web-%d", i);
		knocks_note(k, name);
		assert_true(knocks_has(k, name, 60000));
	}
	for (int i = 19000; i < 20000; i++) {
		snprintf(name, sizeof(name), "web-%d", i);
		known += knocks_has(k, name, 60000);
	}
	assert_true(known > 800);
	knocks_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_called_is_known_for_a_while),
		cmocka_unit_test(of_many_the_latest_are_known),
	};

	return cmocka_run_group_tests_name("knocks", tests, NULL, NULL);
}
