/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and values of registrations. */
#include "test.h"

#include "cleanup.h"
#include "registration.h"

#include <stdlib.h>

#define LONG_UNIT "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu.service"
#define LONG_HOST "pppphhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh9"

static void registrations_have_skydns_keys_and_values(void **state)
{
	CLEANUP(free)
	char *key = registration_key("foretide.local", "wordpress", "web",
				     "web@3.service", "web-1", 8080);
	CLEANUP(free)
	char *odd = registration_key("a.b.C", "s", "n", "My_App@x.y.service", "a", 1);
	CLEANUP(free)
	char *single = registration_key("foretide.local", "shop", "lb", "lb.service",
					"lb-0a1b2c3d", 80);
	CLEANUP(free)
	char *longest = registration_key("d", "s", "n", LONG_UNIT, LONG_HOST, 80);
	CLEANUP(free) char *host = registration_host_key("foretide.local", "web-1");
	CLEANUP(free) char *value = registration_value("10.90.0.7", 8080, 0, 0);
	CLEANUP(free) char *weighted = registration_value("10.90.0.7", 80, 5, 7);

	(void)state;
	assert_string_equal(key, "/skydns/local/foretide/wordpress/web/web-3-8080");
	assert_string_equal(odd, "/skydns/C/b/a/s/n/my-app-x-y-1");
	assert_string_equal(single, "/skydns/local/foretide/shop/lb/lb-lb-0a1b2c3d-80");
	assert_string_equal(longest, "/skydns/d/s/n/uuuuuuuuuuuuuuuuuuu-"
				     "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh9-80");
	assert_string_equal(host, "/skydns/local/foretide/hosts/web-1");
	assert_string_equal(value, "{\"host\":\"10.90.0.7\",\"port\":8080}");
	assert_string_equal(
		weighted,
		"{\"host\":\"10.90.0.7\",\"port\":80,\"priority\":5,\"weight\":7}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registrations_have_skydns_keys_and_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
