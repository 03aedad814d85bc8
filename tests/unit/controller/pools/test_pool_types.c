/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_pool_types.c - what the hosts of a pool cost, as the cloud and the configuration
 * say.
 */
#include "pool_bench.h"

static struct db_pool_type type_of(const struct bench *b, const char *type)
{
	CLEANUP(db_pool_type_list_done) struct db_pool_type_list l = { NULL, 0 };
	struct db_pool_type ret = { .type = NULL };

	assert_ok(db_pool_type_list(b->f->db, POOL, &l, &b->f->e), &b->f->e);
	for (size_t i = 0; i < l.n; i++)
		if (strcmp(l.v[i].type, type) == 0) {
			ret = l.v[i];
			l.v[i] = (struct db_pool_type){ .type = NULL };
		}
	return ret;
}

static void assert_price(const struct bench *b, const char *type, double hour,
			 double spot_hour, const char *currency, const char *source)
{
	CLEANUP(db_pool_type_done) struct db_pool_type t = type_of(b, type);

	assert_non_null(t.type);
	assert_close(t.price_hour, hour, 1e-9);
	assert_close(t.spot_price_hour, spot_hour, 1e-9);
	assert_string_equal(t.currency, currency);
	assert_string_equal(t.source, source);
}

static void set_prices(struct bench *b, const char *json)
{
	json_decref((json_t *)(uintptr_t)b->opts.prices);
	b->opts.prices = json_loads(json, 0, NULL);
	assert_non_null(b->opts.prices);
	restart(b);
}

static int end(void **state)
{
	struct bench *b = *state;

	json_decref((json_t *)(uintptr_t)b->opts.prices);
	return teardown(state);
}

static void the_cloud_is_asked_for_prices_once(void **state)
{
	struct bench *b = *state;

	put_pool(b, "{}", 0);
	once(b);
	once(b);
	assert_int_equal(n_calls(b, "types"), 1);
	assert_price(b, "small", 0.01, 0.004, "EUR", "cloud");
}

static void a_stated_price_comes_before_the_clouds(void **state)
{
	struct bench *b = *state;

	set_prices(b, "{\"fake\": {\"small\": \"5 SEK/h\", \"any\": \"9 USD/h\"},"
		      " \"fake/fake\": {\"any\": \"7 USD/h, spot 2 USD/h\"},"
		      " \"fake/other\": {\"small\": \"1 NOK/h\"}}");
	put_pool(b, "{}", 0);
	once(b);
	assert_price(b, "small", 5, -1, "SEK", "configuration");
	assert_price(b, "any", 7, 2, "USD", "configuration");
}

static void a_price_that_is_stated_no_more_is_the_clouds_again(void **state)
{
	struct bench *b = *state;

	set_prices(b, "{\"fake\": {\"small\": \"5 SEK/h\"}}");
	put_pool(b, "{}", 0);
	once(b);
	set_prices(b, "{}");
	once(b);
	assert_price(b, "small", 0.01, 0.004, "EUR", "cloud");
}

static void a_cloud_that_tells_no_prices_fails_nothing_and_loses_none(void **state)
{
	struct bench *b = *state;

	put_pool(b, "{}", 0);
	once(b);
	write_script(b, "{\"faults\": [{\"op\": \"types\", \"kind\": \"error\","
			" \"times\": 9}]}");
	set_prices(b, "{\"fake\": {\"any\": \"1 USD/h\"}}");
	assert_ok(db_pool_want(b->f->db, POOL, 1, &b->f->e), &b->f->e);
	once(b);
	assert_int_equal(n_calls(b, "types"), 2);
	assert_int_equal(n_vms(b), 1);
	assert_price(b, "small", 0.01, 0.004, "EUR", "cloud");
	assert_price(b, "any", 1, -1, "USD", "configuration");
}

static void the_type_of_a_host_is_that_of_its_vm(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_host_done) struct db_host h = { 0 };

	put_pool(b, "{}", 1);
	once(b);
	once(b);
	h = only_host(b);
	assert_string_equal(h.type, "small");
	assert_false(h.is_spot);
}

static void assert_stated(const struct bench *b, int64_t unit_ms, int64_t min_ms)
{
	CLEANUP(db_pool_done) struct db_pool p = { 0 };

	assert_ok(db_pool_get(b->f->db, POOL, &p, &b->f->e), &b->f->e);
	assert_int_equal(p.cloud_billing_ms, unit_ms);
	assert_int_equal(p.cloud_billing_min_ms, min_ms);
	assert_string_equal(p.cloud_interruption, "");
}

static void what_its_driver_states_is_written_down(void **state)
{
	struct bench *b = *state;

	put_pool(b, "{\"billing\": \"1h\", \"billing_min\": \"2h\"}", 0);
	once(b);
	assert_stated(b, 3600000, 7200000);
	put_pool(b, "{\"billing\": \"1h\"}", 0);
	once(b);
	assert_stated(b, 3600000, 0);
	put_pool(b, "{}", 0);
	once(b);
	assert_stated(b, 0, 0);
}

#define TOLD_BY_GCE "tests/contract/hostile_driver.py 1 '{\"interruption\": \"gce\"}'"

/* For the user data of its hosts. */
static void whose_service_tells_its_hosts_is_written_down(void **state)
{
	struct bench *b = *state;
	CLEANUP(db_pool_done) struct db_pool p = { 0 };
	CLEANUP(free) char *source = NULL;
	CLEANUP(free) char *url = NULL;
	CLEANUP(free) char *lives = xasprintf("%s/lives", b->cloud);

	json_object_set_new(b->options, "exec",
			    json_pack("{s:s, s:s, s:s}", "command", TOLD_BY_GCE, "dir",
				      b->cloud, "does", "good"));
	p = (struct db_pool){ .name = xstrdup(POOL),
			      .driver = xstrdup("exec"),
			      .profile = xstrdup("exec"),
			      .max = 1,
			      .config_json = xstrdup("{}") };
	assert_ok(db_pool_put(b->f->db, &p, &b->f->e), &b->f->e);
	once(b);
	(void)unlink(lives);
	db_pool_done(&p);
	p = (struct db_pool){ 0 };
	assert_ok(db_pool_get(b->f->db, POOL, &p, &b->f->e), &b->f->e);
	assert_string_equal(p.cloud_interruption, "gce");
	assert_ok(pool_interruption(&b->opts, &p, &source, &url, &b->f->e), &b->f->e);
	assert_string_equal(source, "gce");
}

#define PRICE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PRICE_TEST(the_cloud_is_asked_for_prices_once),
		PRICE_TEST(a_stated_price_comes_before_the_clouds),
		PRICE_TEST(a_price_that_is_stated_no_more_is_the_clouds_again),
		PRICE_TEST(a_cloud_that_tells_no_prices_fails_nothing_and_loses_none),
		PRICE_TEST(what_its_driver_states_is_written_down),
		PRICE_TEST(whose_service_tells_its_hosts_is_written_down),
		PRICE_TEST(the_type_of_a_host_is_that_of_its_vm),
	};

	return cmocka_run_group_tests_name("pool types", tests, NULL, NULL);
}
