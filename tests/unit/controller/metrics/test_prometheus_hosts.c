/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prometheus_hosts.h"

#include "check.h"
#include "prometheus_query.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static void this_machine_and_metadata_are_refused_by_name(void **state)
{
	static const char *const urls[] = {
		"http://127.0.0.1:7070",
		"http://127.1.2.3",
		"http://0.0.0.0:9090",
		"http://169.254.169.254/latest/meta-data",
		"http://[::1]:9090",
		"http://[::]:9090",
		"http://[::ffff:127.0.0.1]:9090",
		"http://[::ffff:169.254.169.254]",
		"http://[fe80::1]:9090",
		"http://[fd00:ec2::254]",
		"http://user:word@127.0.0.1:9090",
		"http://100.100.100.200",
		"https://224.0.0.1",
		"http://2130706433",
		"http://0x7f000001",
		"http://127.1",
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		e.msg[0] = '\0';
		if (prometheus_hosts_check(NULL, urls[i], &e) != ERR_DENIED)
			fail_msg("%s was not refused: %s", urls[i], e.msg);
		assert_non_null(strstr(e.msg, "prometheus_hosts"));
	}
}

static void another_machine_may_be_asked(void **state)
{
	static const char *const urls[] = { "http://10.0.0.5:9090", "https://prom:9090",
					    "http://192.168.7.7", "http://[fd12::1]:9090",
					    "http://[2001:db8::1]" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++)
		assert_ok(prometheus_hosts_check("", urls[i], &e), &e);
}

static void a_list_is_all_that_may_be_asked(void **state)
{
	static const char list[] = "prom.example, 127.0.0.1:9090 [::1]:9090";
	struct err e;

	(void)state;
	assert_ok(prometheus_hosts_check(list, "http://prom.example:1", &e), &e);
	assert_ok(prometheus_hosts_check(list, "https://PROM.example", &e), &e);
	assert_ok(prometheus_hosts_check(list, "http://127.0.0.1:9090", &e), &e);
	assert_ok(prometheus_hosts_check(list, "http://[::1]:9090", &e), &e);
	assert_int_equal(prometheus_hosts_check(list, "http://127.0.0.1:7070", &e),
			 ERR_DENIED);
	assert_int_equal(prometheus_hosts_check(list, "http://10.0.0.5:9090", &e),
			 ERR_DENIED);
	assert_int_equal(prometheus_hosts_check(list, "http://xprom.example", &e),
			 ERR_DENIED);
	assert_int_equal(prometheus_hosts_check(list, "http://prom.example@10.0.0.1", &e),
			 ERR_DENIED);
}

static void what_is_no_url_is_refused(void **state)
{
	static const char *const urls[] = { "ftp://10.0.0.5", "file:///etc/shadow",
					    "http://", "gopher://10.0.0.5:70" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++)
		assert_int_equal(prometheus_hosts_check(NULL, urls[i], &e), ERR_INVAL);
}

/* A name passes the check by name; its address is looked at when it is called. */
static void a_name_of_this_machine_is_refused_when_it_is_called(void **state)
{
	const struct promquery_opts o = { .url = "http://localhost:9" };
	struct err e;
	double v;
	int64_t at;

	(void)state;
	assert_int_equal(promquery_now(&o, "up", &v, &at, &e), ERR_DENIED);
	assert_non_null(strstr(e.msg, "http://localhost:9"));
	assert_non_null(strstr(e.msg, "prometheus_hosts"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_machine_and_metadata_are_refused_by_name),
		cmocka_unit_test(another_machine_may_be_asked),
		cmocka_unit_test(a_list_is_all_that_may_be_asked),
		cmocka_unit_test(what_is_no_url_is_refused),
		cmocka_unit_test(a_name_of_this_machine_is_refused_when_it_is_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
