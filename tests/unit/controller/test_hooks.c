/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the API asks of the daemon, with the daemon's own hooks and no thread of it. */
#include "daemon_fixture.h"

#define MINUTE_MS INT64_C(60000)

static void put_pool(struct house *h, const char *name, const char *state)
{
	struct db_pool p = { .name = (char *)(uintptr_t)name,
			     .driver = (char *)(uintptr_t) "fake",
			     .profile = (char *)(uintptr_t) "fake",
			     .config_json = (char *)(uintptr_t) "{}",
			     .max = 4 };
	struct err e;

	assert_ok(db_pool_put(h->f->db, &p, &e), &e);
	assert_ok(db_pool_note(h->f->db, name, state, 0, "it says no", &e), &e);
}

static void put_host(struct house *h, const char *id, enum db_host_state state)
{
	const struct db_host row = { .id = (char *)(uintptr_t)id,
				     .pool = (char *)(uintptr_t) "web",
				     .state = state,
				     .address = (char *)(uintptr_t) "10.1.0.7" };
	struct err e;

	assert_ok(db_host_put(h->f->db, &row, &e), &e);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* ---------------------------------------------------------------- status */

static void pools_that_fail_or_wait_are_problems_and_others_are_not(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *problems;

	put_pool(h, "a", "backoff");
	put_pool(h, "b", "limited");
	put_pool(h, "c", "ok");
	put_pool(h, "d", POOL_STATE_EMPTY);
	doc = h->hooks.status(&h->d);
	problems = json_object_get(doc, "problems");
	assert_int_equal(json_array_size(problems), 2);
	assert_string_equal(text_of(json_array_get(problems, 0), "kind"), "pool-failing");
	assert_string_equal(text_of(json_array_get(problems, 0), "message"),
			    "pool a: it says no");
	assert_string_equal(text_of(json_array_get(problems, 1), "kind"), "pool-limited");
	assert_true(json_is_null(json_object_get(doc, "tick")));
}

static void status_reports_the_store(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	struct err e;

	house_open_view(h);
	assert_ok(view_wait(h->d.view, house_put(h, "/foretide/a", "x"), PATIENCE_MS, &e),
		  &e);
	doc = h->hooks.status(&h->d);
	assert_string_equal(text_of(json_object_get(doc, "store"), "mode"), "embedded");
	assert_string_equal(
		json_string_value(json_array_get(
			json_object_get(json_object_get(doc, "store"), "endpoints"), 0)),
		h->store_url);
}

/* ---------------------------------------------------------------- services */

static json_t *services_now(struct house *h, size_t want)
{
	json_t *list = NULL;

	(void)house_until((json_decref(list), list = h->hooks.services(&h->d)) &&
			  json_array_size(list) == want);
	return list;
}

static void a_registered_unit_is_a_service_with_its_host_and_name(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *list = NULL;
	const struct db_unit units[] = {
		{ .name = (char *)(uintptr_t) "web@1.service",
		  .stack = (char *)(uintptr_t) "shop",
		  .tier = (char *)(uintptr_t) "web",
		  .host = (char *)(uintptr_t) "web-1" },
		{ .name = (char *)(uintptr_t) "web@10.service",
		  .stack = (char *)(uintptr_t) "shop",
		  .tier = (char *)(uintptr_t) "web",
		  .host = (char *)(uintptr_t) "web-1" },
	};
	const json_t *s;
	struct err e;

	put_host(h, "web-1", DB_HOST_UP);
	assert_ok(db_units_change(h->f->db, units, 2, NULL, 0, &e), &e);
	house_open_view(h);
	house_put(h, "/skydns/local/foretide/shop/web/web-10-80",
		  "{\"host\":\"10.1.0.7\",\"port\":80}");
	/* Neither of a unit that is not known, nor one that cannot be read. */
	house_put(h, "/skydns/local/foretide/shop/web/old-1-80",
		  "{\"host\":\"10.1.0.7\",\"port\":80}");
	house_put(h, "/skydns/local/foretide/shop/web/web-1-80", "{");
	list = services_now(h, 1);
	assert_int_equal(json_array_size(list), 1);
	s = json_array_get(list, 0);
	assert_string_equal(text_of(s, "unit"), "web@10.service");
	assert_string_equal(text_of(s, "name"), "web");
	assert_string_equal(text_of(s, "dns"), "web.shop.foretide.local");
	assert_string_equal(text_of(s, "host"), "web-1");
	assert_int_equal(json_integer_value(json_object_get(s, "port")), 80);
}

static void without_a_view_services_are_not_known(void **state)
{
	struct house *h = *state;

	assert_null(h->hooks.services(&h->d));
}

/* ---------------------------------------------------------------- hosts, pools */

static void a_drain_is_recorded_and_comes_too_late_for_hosts_being_removed(void **state)
{
	struct house *h = *state;
	CLEANUP(db_host_done) struct db_host row = { 0 };
	struct err e;

	put_host(h, "web-1", DB_HOST_UP);
	put_host(h, "web-2", DB_HOST_TERMINATING);
	assert_ok(h->hooks.drain_host(&h->d, "web-1", &e), &e);
	assert_ok(db_host_get(h->f->db, "web-1", &row, &e), &e);
	assert_int_equal(row.state, DB_HOST_DRAINING);
	assert_int_equal(h->hooks.drain_host(&h->d, "web-2", &e), ERR_CONFLICT);
	assert_string_equal(e.msg, "host web-2 is terminating");
	assert_int_equal(h->hooks.drain_host(&h->d, "web-3", &e), ERR_NOT_FOUND);
}

static void a_pool_with_hosts_keeps_its_driver(void **state)
{
	struct house *h = *state;
	struct db_pool p = { .name = (char *)(uintptr_t) "web",
			     .driver = (char *)(uintptr_t) "other",
			     .profile = (char *)(uintptr_t) "fake" };
	struct err e;

	put_pool(h, "web", "ok");
	put_host(h, "web-1", DB_HOST_UP);
	assert_int_equal(h->hooks.check_pool(&h->d, &p, &e), ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "give the pool of the other driver another name"));
}

static void a_demand_that_cannot_be_read_is_refused(void **state)
{
	struct house *h = *state;
	struct err e;

	assert_ok(h->hooks.check_demand(&h->d, "shop", "web", "sum(rate(x))", &e), &e);
	assert_ok(h->hooks.check_demand(&h->d, "shop", "web", "", &e), &e);
	assert_int_equal(h->hooks.check_demand(&h->d, "shop", "web", "sum(", &e),
			 ERR_INVAL);
}

/* ---------------------------------------------------------------- metrics */

static int push(struct house *h, const char *text, struct err *e)
{
	CLEANUP(json_decref) json_t *body = json_loads(text, 0, NULL);

	assert_non_null(body);
	return h->hooks.agent_metrics(&h->d, "web-1", body, e);
}

static void samples_of_an_agent_can_be_asked_for(void **state)
{
	struct house *h = *state;
	int64_t now = clock_now_ms() / MINUTE_MS * MINUTE_MS;
	CLEANUP(free)
	char *text = xasprintf("{\"samples\":[{\"n\":\"load\",\"t\":%lld,\"v\":7,"
			       "\"l\":{\"host\":\"web-1\"}}]}",
			       (long long)now - 1000);
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *points;
	struct err e;

	assert_ok(push(h, text, &e), &e);
	assert_ok(h->hooks.eval(&h->d, "sum(load)", now - MINUTE_MS, now + MINUTE_MS,
				MINUTE_MS, &doc, &e),
		  &e);
	points = json_object_get(doc, "points");
	assert_int_equal(json_array_size(points), 2);
	assert_close(json_number_value(json_array_get(json_array_get(points, 1), 1)), 7,
		     0);
	assert_int_equal(h->hooks.eval(&h->d, "sum(load)", now, now, 1000, &doc, &e),
			 ERR_INVAL);
}

static void a_bad_sample_is_named_and_nothing_of_the_push_is_stored(void **state)
{
	struct house *h = *state;
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	const int64_t *ids;
	size_t n;
	struct err e;

	assert_int_equal(push(h,
			      "{\"samples\":[{\"n\":\"good\",\"t\":1000,\"v\":1},"
			      "{\"n\":\"bad\",\"t\":1000}]}",
			      &e),
			 ERR_INVAL);
	assert_non_null(strstr(e.msg, "sample 1 of host web-1"));
	assert_int_equal(push(h,
			      "{\"samples\":[{\"n\":\"x\",\"t\":1000,\"v\":1,"
			      "\"l\":{\"a\":1}}]}",
			      &e),
			 ERR_INVAL);
	assert_ok(db_selector_new("good", NULL, 0, &s, &e), &e);
	db_selector_ids(h->f->db, s, &ids, &n);
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(pools_that_fail_or_wait_are_problems_and_others_are_not),
		HOUSE_TEST(status_reports_the_store),
		HOUSE_TEST(a_registered_unit_is_a_service_with_its_host_and_name),
		HOUSE_TEST(without_a_view_services_are_not_known),
		HOUSE_TEST(
			a_drain_is_recorded_and_comes_too_late_for_hosts_being_removed),
		HOUSE_TEST(a_pool_with_hosts_keeps_its_driver),
		HOUSE_TEST(a_demand_that_cannot_be_read_is_refused),
		HOUSE_TEST(samples_of_an_agent_can_be_asked_for),
		HOUSE_TEST(a_bad_sample_is_named_and_nothing_of_the_push_is_stored),
	};

	return cmocka_run_group_tests_name("hooks", tests, NULL, NULL);
}
