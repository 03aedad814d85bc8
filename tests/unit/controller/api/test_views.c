/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people and programs see of pools, hosts, units, services and tiers. */
#include "daemon_fixture.h"

#include "samples.h"

#define MINUTE_MS INT64_C(60000)

static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static json_t *get(struct house *h, const char *path)
{
	json_t *doc;

	assert_int_equal(
		fixture_json(h->f, CALL(.path = path, .token = h->f->viewer), &doc), 200);
	return doc;
}

static long status_of(struct house *h, const char *path)
{
	return fixture_status(h->f, CALL(.path = path, .token = h->f->viewer));
}

static const json_t *item(const json_t *doc, size_t i)
{
	return json_array_get(json_object_get(doc, "items"), i);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static int64_t number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* The names of the items, each with a space behind it. */
static const char *names(struct house *h, const char *path, const char *key)
{
	static char all[200];
	CLEANUP(json_decref) json_t *doc = get(h, path);
	const json_t *o;
	size_t i, n = 0;

	all[0] = '\0';
	json_array_foreach(json_object_get(doc, "items"), i, o) n +=
		(size_t)snprintf(all + n, sizeof(all) - n, "%s ", text_of(o, key));
	return all;
}

static void put_pool(struct house *h, const char *name, const char *stack)
{
	const struct db_pool p = {
		.name = text(name), .stack = text(stack), .driver = text("fake"), .max = 4
	};
	struct err e;

	assert_ok(db_pool_put(h->f->db, &p, &e), &e);
}

static void put_host(struct house *h, const char *id, const char *pool,
		     enum db_host_state state, int64_t unknown_ms)
{
	const struct db_host row = { .id = text(id),
				     .pool = text(pool),
				     .state = state,
				     .address = text("10.1.0.7"),
				     .join_token_hash = text("h4sh"),
				     .cert_serial = text("5er1al") };
	struct err e;

	assert_ok(db_host_put(h->f->db, &row, &e), &e);
	if (unknown_ms)
		assert_ok(db_host_set_unknown(h->f->db, id, unknown_ms, false, &e), &e);
}

static void put_unit(struct house *h, const char *name, const char *tier,
		     const char *host)
{
	const struct db_unit u = { .name = text(name),
				   .stack = text("shop"),
				   .tier = text(tier),
				   .host = text(host) };
	struct err e;

	assert_ok(db_unit_put(h->f->db, &u, &e), &e);
}

static void put_tier(struct house *h)
{
	const struct db_stack s = { .name = text("shop") };
	const struct db_tier t = {
		.stack = text("shop"), .name = text("web"), .max = 4, .capacity = 10
	};
	struct err e;

	assert_ok(db_stack_put(h->f->db, &s, -1, NULL, &e), &e);
	assert_ok(db_tier_put(h->f->db, &t, &e), &e);
}

/* ---------------------------------------------------------------- pools, hosts */

static void a_pool_is_shown_with_what_it_has_and_what_serves(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *list = NULL;
	CLEANUP(json_decref) json_t *one = NULL;

	put_pool(h, "db", "blog");
	put_pool(h, "web", "shop");
	put_host(h, "web-1", "web", DB_HOST_UP, 0);
	put_host(h, "web-2", "web", DB_HOST_UP, 77);
	put_host(h, "web-3", "web", DB_HOST_GONE, 0);
	put_host(h, "db-1", "db", DB_HOST_UP, 0);
	assert_string_equal(names(h, "/v1/pools", "name"), "db web ");
	list = get(h, "/v1/pools?stack=shop");
	assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
	one = get(h, "/v1/pools/web");
	assert_true(json_equal(one, item(list, 0)));
	assert_int_equal(number_of(one, "hosts"), 2);
	assert_int_equal(number_of(one, "up"), 1);
	assert_int_equal(status_of(h, "/v1/pools/none"), 404);
}

/* Half of its two cores, and a quarter of its memory. */
static void tell_usage(struct house *h)
{
	static const char host[] = "host=\"web-1\"";
	const int64_t now = clock_now_ms();
	struct err e;

	for (int64_t ago_s = 60; ago_s > 0; ago_s -= 10) {
		const int64_t at = now - ago_s * 1000;
		const struct db_sample_in in[] = {
			{ "host_cpu_seconds_total", host, DB_COUNTER, at,
			  (double)(100 - ago_s) },
			{ "host_cpu_limit_cores", host, DB_GAUGE, at, 2 },
			{ "host_memory_bytes", host, DB_GAUGE, at, 250 },
			{ "host_memory_limit_bytes", host, DB_GAUGE, at, 1000 },
		};

		assert_ok(db_samples_add(h->f->db, in, ARRAY_SIZE(in), now, NULL, &e),
			  &e);
	}
}

static void a_host_is_shown_with_its_load_and_units_and_no_secret(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *one = NULL;
	CLEANUP(free) char *all = NULL;
	const json_t *load;

	put_host(h, "web-1", "web", DB_HOST_UP, 77);
	put_host(h, "web-2", "web", DB_HOST_GONE, 0);
	put_host(h, "db-1", "db", DB_HOST_UP, 0);
	put_unit(h, "web@1.service", "web", "web-1");
	put_unit(h, "web@2.service", "web", "db-1");
	tell_usage(h);
	one = get(h, "/v1/hosts/web-1");
	assert_string_equal(text_of(one, "state"), "unknown");
	assert_int_equal(json_array_size(json_object_get(one, "units")), 1);
	assert_string_equal(
		text_of(json_array_get(json_object_get(one, "units"), 0), "name"),
		"web@1.service");
	load = json_object_get(one, "load");
	assert_close(json_number_value(json_object_get(load, "cpu")), 0.5, 0.01);
	assert_close(json_number_value(json_object_get(load, "memory")), 0.25, 1e-9);
	all = json_dumps(one, 0);
	assert_null(strstr(all, "h4sh"));
	assert_null(strstr(all, "5er1al"));
	assert_string_equal(names(h, "/v1/hosts", "id"), "db-1 web-1 ");
	assert_string_equal(names(h, "/v1/hosts?pool=web", "id"), "web-1 ");
	assert_string_equal(names(h, "/v1/hosts?all=true&pool=web", "id"),
			    "web-1 web-2 ");
	assert_int_equal(status_of(h, "/v1/hosts?all=perhaps"), 400);
	assert_int_equal(status_of(h, "/v1/hosts/none"), 404);
}

/* ---------------------------------------------------------------- units, services */

static void units_are_found_by_stack_tier_and_host(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *one = NULL;

	put_unit(h, "db.service", "db", "web-1");
	put_unit(h, "web@1.service", "web", "web-1");
	put_unit(h, "web@2.service", "web", "web-2");
	assert_string_equal(names(h, "/v1/units", "name"),
			    "db.service web@1.service web@2.service ");
	assert_string_equal(names(h, "/v1/units?tier=web", "name"),
			    "web@1.service web@2.service ");
	assert_string_equal(names(h, "/v1/units?host=web-1&stack=shop", "name"),
			    "db.service web@1.service ");
	assert_string_equal(names(h, "/v1/units?stack=blog", "name"), "");
	one = get(h, "/v1/units/db.service");
	assert_string_equal(text_of(one, "host"), "web-1");
	assert_int_equal(status_of(h, "/v1/units?colour=red"), 400);
}

static void services_are_found_by_name_stack_and_host(void **state)
{
	struct house *h = *state;

	put_host(h, "web-1", "web", DB_HOST_UP, 0);
	put_unit(h, "web@1.service", "web", "web-1");
	put_unit(h, "db.service", "db", "web-1");
	assert_int_equal(status_of(h, "/v1/services"), 503); /* not read yet */
	house_open_view(h);
	house_put(h, "/skydns/local/foretide/shop/web/web-1-80",
		  "{\"host\":\"10.1.0.7\",\"port\":80}");
	house_put(h, "/skydns/local/foretide/shop/db/db-web-1-3306",
		  "{\"host\":\"10.1.0.8\",\"port\":3306}");
	assert_true(house_until(status_of(h, "/v1/services") == 200));
	(void)house_until(strlen(names(h, "/v1/services", "unit")) > 20);
	assert_string_equal(names(h, "/v1/services", "unit"),
			    "db.service web@1.service ");
	assert_string_equal(names(h, "/v1/services?name=web", "unit"), "web@1.service ");
	assert_string_equal(names(h, "/v1/services?host=web-1", "unit"),
			    "web@1.service ");
	assert_string_equal(names(h, "/v1/services?stack=blog", "unit"), "");
}

/* ---------------------------------------------------------------- tiers */

static void a_decision_is_explained_and_found_by_its_number(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *page = NULL;
	CLEANUP(json_decref) json_t *rest = NULL;
	CLEANUP(json_decref) json_t *one = NULL;
	CLEANUP(free) char *path = NULL;
	struct db_decision d = { .stack = text("shop"),
				 .tier = text("web"),
				 .from = 1,
				 .to = 2,
				 .sentence = text("up."),
				 .explanation_json = text("{\"binding\":\"demand\"}") };
	int64_t id = 0;
	struct err e;

	put_tier(h);
	assert_int_equal(status_of(h, "/v1/tiers/shop/web/explain"), 404);
	for (int i = 1; i <= 3; i++) {
		d.at_ms = i * MINUTE_MS;
		assert_ok(db_decision_add(h->f->db, &d, &id, &e), &e);
	}
	page = get(h, "/v1/tiers/shop/web/decisions?explanations=true&limit=2");
	assert_int_equal(json_array_size(json_object_get(page, "items")), 2);
	assert_int_equal(number_of(item(page, 0), "id"), id);
	assert_string_equal(
		text_of(json_object_get(item(page, 0), "explanation"), "binding"),
		"demand");
	path = xasprintf("/v1/tiers/shop/web/decisions?limit=2&cursor=%s",
			 text_of(page, "next"));
	rest = get(h, path);
	assert_int_equal(json_array_size(json_object_get(rest, "items")), 1);
	assert_null(json_object_get(item(rest, 0), "explanation"));
	free(TAKE(path));
	path = xasprintf("/v1/decisions/%lld", (long long)id);
	one = get(h, path);
	assert_string_equal(text_of(one, "sentence"), "up.");
	assert_int_equal(status_of(h, "/v1/decisions/99"), 404);
	assert_int_equal(status_of(h, "/v1/decisions/one"), 404);
	assert_int_equal(status_of(h, "/v1/tiers/shop/none/decisions"), 404);
}

static void the_last_decision_of_a_tier_is_explained(void **state)
{
	struct house *h = *state;
	const struct db_tier t = { .stack = text("shop"),
				   .name = text("web"),
				   .desired = 2,
				   .explanation_json = text("{\"sentence\":\"up.\"}") };
	CLEANUP(json_decref) json_t *doc = NULL;
	struct err e;

	put_tier(h);
	assert_ok(db_tiers_decide(h->f->db, &t, 1, &e), &e);
	doc = get(h, "/v1/tiers/shop/web/explain");
	assert_string_equal(text_of(doc, "sentence"), "up.");
}

/* Two instances of capacity 10 that served 12 a second. */
static void a_tiers_past_comes_in_points_with_gaps_where_nothing_is_known(void **state)
{
	struct house *h = *state;
	const int64_t from = clock_now_ms() / MINUTE_MS * MINUTE_MS - 10 * MINUTE_MS;
	static const char tier[] = "stack=\"shop\",tier=\"web\"";
	const struct db_sample_in in[] = {
		{ "foretide_demand", tier, DB_GAUGE, from + 30000, 12 },
		{ "foretide_healthy", tier, DB_GAUGE, from + 30000, 2 },
	};
	CLEANUP(free)
	char *path = xasprintf("/v1/tiers/shop/web/series?step=1m&from=%lld&to=%lld",
			       (long long)from / 1000,
			       (long long)(from + 2 * MINUTE_MS) / 1000);
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *p;
	struct err e;

	put_tier(h);
	assert_ok(db_samples_add(h->f->db, in, ARRAY_SIZE(in), clock_now_ms(), NULL, &e),
		  &e);
	doc = get(h, path);
	assert_int_equal(number_of(doc, "step_ms"), MINUTE_MS);
	assert_int_equal(json_array_size(json_object_get(doc, "points")), 2);
	p = json_array_get(json_object_get(doc, "points"), 0);
	assert_close(json_number_value(json_object_get(p, "demand")), 12, 0);
	assert_close(json_number_value(json_object_get(p, "running")), 2, 0);
	assert_close(json_number_value(json_object_get(p, "capacity")), 20, 0);
	assert_true(json_is_null(json_object_get(p, "desired")));
	p = json_array_get(json_object_get(doc, "points"), 1);
	assert_true(json_is_null(json_object_get(p, "demand")));
}

static void spans_that_would_be_endless_are_refused(void **state)
{
	static const char *const paths[] = {
		"/v1/tiers/shop/web/series?step=10ms",
		"/v1/tiers/shop/web/series?from=30d&step=1s",
		"/v1/tiers/shop/web/series?from=1h&to=2h",
		"/v1/tiers/shop/web/series?from=noon",
		"/v1/tiers/shop/web/forecast?horizon=1s",
		"/v1/tiers/shop/web/forecast?horizon=15d",
		"/v1/tiers/shop/web/forecast?horizon=soon",
	};
	struct house *h = *state;

	put_tier(h);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (status_of(h, paths[i]) != 400)
			fail_msg("%s was not refused", paths[i]);
}

/* ---------------------------------------------------------------- who, and files */

static void a_token_is_told_whose_it_is(void **state)
{
	struct house *h = *state;
	CLEANUP(json_decref) json_t *doc = get(h, "/v1/whoami");

	assert_string_equal(text_of(doc, "name"), "watcher");
	assert_string_equal(text_of(doc, "role"), "viewer");
}

static void assert_file(struct house *h, const char *path, long status, const char *type)
{
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	char is[64];

	assert_int_equal(fixture_call(h->f, CALL(.path = path), &res), status);
	if (!type)
		return;
	assert_true(http_res_header(&res, "Content-Type", is, sizeof(is)));
	assert_string_equal(is, type);
	assert_true(res.body.len > 100);
}

static void the_dashboard_is_served_and_nothing_beside_it(void **state)
{
	struct house *h = *state;

	assert_file(h, "/", 200, "text/html; charset=utf-8");
	assert_file(h, "/index.html", 200, "text/html; charset=utf-8");
	assert_file(h, "/app.js", 200, "text/javascript; charset=utf-8");
	assert_file(h, "/theme.css", 200, "text/css; charset=utf-8");
	assert_file(h, "/none.js", 404, NULL);
	assert_file(h, "/.hidden", 404, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(a_pool_is_shown_with_what_it_has_and_what_serves),
		HOUSE_TEST(a_host_is_shown_with_its_load_and_units_and_no_secret),
		HOUSE_TEST(units_are_found_by_stack_tier_and_host),
		HOUSE_TEST(services_are_found_by_name_stack_and_host),
		HOUSE_TEST(a_decision_is_explained_and_found_by_its_number),
		HOUSE_TEST(the_last_decision_of_a_tier_is_explained),
		HOUSE_TEST(a_tiers_past_comes_in_points_with_gaps_where_nothing_is_known),
		HOUSE_TEST(spans_that_would_be_endless_are_refused),
		HOUSE_TEST(a_token_is_told_whose_it_is),
		HOUSE_TEST(the_dashboard_is_served_and_nothing_beside_it),
	};

	return cmocka_run_group_tests_name("views", tests, NULL, NULL);
}
