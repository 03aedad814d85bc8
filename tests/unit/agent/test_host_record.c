/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which services the host's record names. */
#include "test.h"

#include "check.h"
#include "host_record.h"

static const char *name_of(char name[16], int i)
{
	snprintf(name, 16, "/s/%d/", i);
	return name;
}

static void assert_named(const json_t *all, int first, size_t n)
{
	json_t *named = host_record_vanished(all);
	char name[16];

	assert_int_equal(json_array_size(named), n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(json_string_value(json_array_get(named, i)),
				    name_of(name, first + (int)i));
	json_decref(named);
}

static void who_has_no_place_is_named_when_one_is_free(void **state)
{
	json_t *all = json_array();
	char name[16];

	(void)state;
	for (int i = 0; i < HOST_RECORD_VANISHED + 2; i++)
		host_record_set_vanished(all, name_of(name, i), true);
	host_record_set_vanished(all, name_of(name, 0), true);
	assert_named(all, 0, HOST_RECORD_VANISHED);
	for (int i = 0; i < 3; i++)
		host_record_set_vanished(all, name_of(name, i), false);
	host_record_set_vanished(all, "/unknown/", false);
	assert_named(all, 3, HOST_RECORD_VANISHED - 1);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_no_place_is_named_when_one_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
