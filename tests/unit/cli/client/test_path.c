/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "cleanup.h"
#include "path.h"

#include <string.h>

static void a_name_is_one_part_of_a_path(void **state)
{
	CLEANUP(free) char *token = client_path("/v1/tokens/%s", "../stacks/shop");
	CLEANUP(free)
	char *two = client_path("/v1/stacks/%s/events?tier=%s", "a b?#%2f", "x/y&z");

	(void)state;
	assert_string_equal(token, "/v1/tokens/..%2Fstacks%2Fshop");
	assert_string_equal(two, "/v1/stacks/a%20b%3F%23%252f/events?tier=x%2Fy%26z");
}

static void a_tier_has_two_parts(void **state)
{
	static const struct {
		const char *tier, *path;
	} tiers[] = {
		{ "shop/web", "/v1/tiers/shop/web/explain" },
		{ "shop", "/v1/tiers/shop/explain" },
		{ "shop/web/../db", "/v1/tiers/shop/web%2F..%2Fdb/explain" },
		{ "a b/c?d", "/v1/tiers/a%20b/c%3Fd/explain" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tiers); i++) {
		CLEANUP(free) char *path = client_tier_path(tiers[i].tier, "/explain");

		assert_string_equal(path, tiers[i].path);
	}
}

static void a_path_goes_forward_only(void **state)
{
	static const char *const good[] = { "/v1/status", "/v1/tiers/a/b?tier=..&x=/./",
					    "/v1/units/..a.service/logs", "/v1/hosts/...",
					    "/v1/series?match=a%2Fb" };
	static const char *const bad[] = {
		"/v1/tokens/..",         "/v1/stacks/./events",     "/v1/tiers/../x",
		"/v1/stacks/",           "/v1/tiers/shop//explain", "/v1/hosts/..?x=1",
		"/v1/tokens/..%2Fstacks"
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(client_path_check(good[i], &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(client_path_check(bad[i], &err), ERR_INVAL);
	assert_int_equal(client_path_check("/v1/tokens/..", &err), ERR_INVAL);
	assert_non_null(strstr(err.msg, "'..' is not a name"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_one_part_of_a_path),
		cmocka_unit_test(a_tier_has_two_parts),
		cmocka_unit_test(a_path_goes_forward_only),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
