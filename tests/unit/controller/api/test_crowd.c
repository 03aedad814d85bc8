/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crowd.h"

#include "check.h"
#include "cleanup.h"
#include "clock.h"
#include "text.h"

#include <string.h>

#include "test.h"

static void what_was_refused_is_told_for_a_while(void **state)
{
	struct crowd *c = crowd_new();
	const int64_t now = clock_mono_ms();
	CLEANUP(json_decref) json_t *none = crowd_problems(c, now);
	CLEANUP(json_decref) json_t *one = NULL;
	CLEANUP(json_decref) json_t *later = NULL;
	const char *message;

	(void)state;
	assert_int_equal(json_array_size(none), 0);
	crowd_note(c, CROWD_REQUESTS, "token 3");
	crowd_note(c, CROWD_REQUESTS, "token 4");
	one = crowd_problems(c, now + 60000);
	assert_int_equal(json_array_size(one), 1);
	message = json_string_value(json_object_get(json_array_get(one, 0), "message"));
	assert_non_null(strstr(message, "2 requests were refused"));
	assert_non_null(strstr(message, "token 4"));
	later = crowd_problems(c, now + 300000);
	assert_int_equal(json_array_size(later), 0);
	crowd_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_refused_is_told_for_a_while),
	};

	return cmocka_run_group_tests_name("crowd", tests, NULL, NULL);
}
