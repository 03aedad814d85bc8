/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "acquainted.h"

#include "api_fixture.h"
#include "networks.h"
#include "server.h"

static uint64_t network(int i)
{
	char text[32];

	snprintf(text, sizeof(text), "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
	return networks_id(text);
}

static void all_addresses_of_ten_thousand_hosts_are_known(void **state)
{
	struct acquainted *a = acquainted_new();

	(void)state;
	for (int i = 0; i < 10000; i++)
		acquainted_note(a, network(i));
	for (int i = 0; i < 10000; i++)
		assert_true(acquainted_has(a, network(i)));
	for (int i = 10000; i < 20000; i++)
		assert_false(acquainted_has(a, network(i)));
	acquainted_free(a);
}

/* Whatever comes after it: a host that is heard again and again is not forgotten. */
static void who_proves_it_again_stays(void **state)
{
	struct acquainted *a = acquainted_new();
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		if (i % 10000 == 0)
			acquainted_note(a, network(7));
		acquainted_note(a, network(i));
	}
	assert_true(acquainted_has(a, network(7)));
	for (int i = 0; i < 1000000; i++)
		n += acquainted_has(a, network(i));
	assert_in_range(n, 60000, 65536);
	acquainted_free(a);
}

static void add_host(struct db *db, const char *id, const char *address,
		     enum db_host_state state)
{
	CLEANUP(free) char *name = xstrdup(id);
	CLEANUP(free) char *at = xstrdup(address);
	char pool[] = "p";
	const struct db_host h = {
		.id = name, .pool = pool, .address = at, .state = state
	};
	struct err e;

	assert_ok(db_host_put(db, &h, &e), &e);
}

static bool knows(const struct api *api, const char *network)
{
	return acquainted_has(api->acquainted, networks_id(network));
}

/* All of them come at once then. */
static void hosts_are_known_from_the_start_on(void **state)
{
	static const struct api_hooks hooks = { 0 };
	const struct api_opts opts = { .listen = "",
				       .host_listen = "",
				       .advertise = "",
				       .web_root = "",
				       .agent = "",
				       .store_urls = "" };
	struct fixture *f = fixture_new();
	struct api *again = NULL;
	struct err e;

	(void)state;
	fixture_open(f, &hooks, "");
	add_host(f->db, "a-1", "10.1.2.3", DB_HOST_UP);
	add_host(f->db, "a-2", "2001:db8:1:2:3:4:5:6", DB_HOST_UP);
	add_host(f->db, "a-3", "10.1.2.4", DB_HOST_GONE);
	add_host(f->db, "a-4", "no address", DB_HOST_UP);
	add_host(f->db, "a-5", "", DB_HOST_BOOTING);
	assert_false(knows(f->api, "10.1.2.3"));
	assert_ok(api_open(&opts, f->db, f->ca, &hooks, &again, &e), &e);
	assert_true(knows(again, "10.1.2.3"));
	assert_true(knows(again, "2001:db8:1:2::"));
	assert_true(knows(again, "127.0.0.1"));
	assert_true(knows(again, "::1"));
	assert_false(knows(again, "10.1.2.4"));
	assert_false(knows(again, "10.1.2.5"));
	api_close(again);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_addresses_of_ten_thousand_hosts_are_known),
		cmocka_unit_test(who_proves_it_again_stays),
		cmocka_unit_test(hosts_are_known_from_the_start_on),
	};

	return cmocka_run_group_tests_name("acquainted", tests, NULL, NULL);
}
