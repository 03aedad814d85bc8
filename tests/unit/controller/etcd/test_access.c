/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access.h"
#include "test.h"

#include <string.h>

static bool may(const char *const *rules, const char *key, const char *end)
{
	char k[100], e[100];
	struct kv_access a = { .owner = "x", .read = rules };
	struct kv_bytes key_bytes = { k, strlen(key) };
	struct kv_bytes end_bytes = { e, strlen(end) };

	strcpy(k, key);
	strcpy(e, end);
	return kv_may(&a, false, &key_bytes, &end_bytes);
}

static void a_prefix_rule_covers_ranges_inside_it(void **state)
{
	static const char *const rules[] = { "/a/b/", NULL };

	(void)state;
	assert_true(may(rules, "/a/b/", ""));
	assert_true(may(rules, "/a/b/c", ""));
	assert_true(may(rules, "/a/b/", "/a/b0"));
	assert_true(may(rules, "/a/b/c", "/a/b/d"));
	assert_true(may(rules, "/a/b/c", "/a/b/"));
	assert_false(may(rules, "/a/b", ""));
	assert_false(may(rules, "/a/b", "/a/b0"));
	assert_false(may(rules, "/a/bb", ""));
	assert_false(may(rules, "/a/b/", "/a/b1"));
	assert_false(may(rules, "/a/b/", "/a/b00"));
	assert_false(may(rules, "/a/b/", "/a/c"));
	assert_false(may(rules, "/a/b/", "/b"));
	assert_false(may(rules, "/a/b/", "b"));
	assert_false(may(NULL, "/a/b/", ""));
}

static void no_end_at_all_is_outside_every_prefix(void **state)
{
	static const char *const rules[] = { "/a/", NULL };
	struct kv_access a = { .owner = "x", .read = rules };
	char key[] = "/a/b", end[] = { 0 };

	(void)state;
	assert_false(kv_may(&a, false, &(struct kv_bytes){ key, 4 },
			    &(struct kv_bytes){ end, 1 }));
}

static void a_key_rule_covers_that_key_only(void **state)
{
	static const char *const rules[] = { "/a", "", NULL };

	(void)state;
	assert_true(may(rules, "/a", ""));
	assert_false(may(rules, "/ab", ""));
	assert_false(may(rules, "/a", "/b"));
	assert_false(may(rules, "/a/", ""));
	assert_false(may(rules, "/", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_rule_covers_ranges_inside_it),
		cmocka_unit_test(no_end_at_all_is_outside_every_prefix),
		cmocka_unit_test(a_key_rule_covers_that_key_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
