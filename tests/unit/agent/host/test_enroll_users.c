/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "enroll_info.h"
#include "enroll_users.h"

#include <string.h>

static void an_answer_names_the_hosts_users_or_none(void **state)
{
	CLEANUP(json_decref)
	json_t *doc = json_pack("{s:[s],s:s,s:s,s:s,s:s,s:s}", "store", "http://e:2379",
				"store_mode", "etcd", "store_user", "u", "store_password",
				"p", "programs_user", "pu", "programs_password", "pp");
	CLEANUP(json_decref) json_t *without = json_pack("{s:[s]}", "store", "http://e");
	CLEANUP(enroll_info_done) struct enroll_info i = { 0 };
	CLEANUP(enroll_info_done) struct enroll_info none = { 0 };
	struct err err;

	(void)state;
	assert_ok(enroll_info_read(doc, &i, &err), &err);
	assert_true(i.is_external);
	assert_string_equal(i.store_user, "u");
	assert_string_equal(i.store_password, "p");
	assert_string_equal(i.programs_user, "pu");
	assert_string_equal(i.programs_password, "pp");
	assert_ok(enroll_info_read(without, &none, &err), &err);
	assert_null(none.store_user);
	assert_null(none.programs_password);
	json_object_set_new(without, "store_password", json_integer(1));
	enroll_info_done(&none);
	assert_true(enroll_info_read(without, &none, &err) < 0);
}

static void what_a_renewal_changes_is_taken_over(void **state)
{
	CLEANUP(json_decref)
	json_t *kept = json_pack("{s:s,s:i}", "store_user", "u", "joined_at", 1);
	CLEANUP(json_decref)
	json_t *answer = json_pack("{s:s,s:s,s:s}", "store_user", "u", "store_password",
				   "p", "certificate", "c");

	(void)state;
	assert_true(enroll_users_update(kept, answer));
	assert_string_equal(json_string_value(json_object_get(kept, "store_password")),
			    "p");
	assert_null(json_object_get(kept, "certificate"));
	assert_false(enroll_users_update(kept, answer));
	/* Of an etcd without users nothing is said, and what is known stays. */
	json_object_clear(answer);
	assert_false(enroll_users_update(kept, answer));
	assert_string_equal(json_string_value(json_object_get(kept, "store_user")), "u");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_names_the_hosts_users_or_none),
		cmocka_unit_test(what_a_renewal_changes_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
