/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Holds, and the drains of hosts that they forbid. */
#include "served_fixture.h"

static void a_hold_is_set_seen_and_released(void **state)
{
	struct fixture *f = *state;
	CLEANUP(json_decref) json_t *made = NULL;
	CLEANUP(json_decref) json_t *tier = NULL;
	CLEANUP(json_decref) json_t *after = NULL;

	fixture_put_tier(f);
	assert_int_equal(fixture_json(f,
				      CALL(.method = "POST", .path = "/v1/holds",
					   .token = f->admin,
					   .body = "{\"stack\":\"shop\",\"tier\":\"web\","
						   "\"reason\":\"sale\",\"for\":\"2h\"}"),
				      &made),
			 201);
	assert_string_equal(text_of(made, "owner"), "admin");
	assert_int_equal(f->pokes, 1);
	fixture_json(f, CALL(.path = "/v1/tiers/shop/web", .token = f->viewer), &tier);
	assert_string_equal(text_of(json_object_get(tier, "hold"), "reason"), "sale");
	assert_int_equal(fixture_status(f, CALL(.method = "DELETE", .path = "/v1/holds/1",
						.token = f->admin)),
			 204);
	assert_int_equal(fixture_status(f, CALL(.method = "DELETE", .path = "/v1/holds/1",
						.token = f->admin)),
			 409);
	fixture_json(f, CALL(.path = "/v1/tiers/shop/web", .token = f->viewer), &after);
	assert_true(json_is_null(json_object_get(after, "hold")));
}

/* A pool of the stack, with a host that carries an instance of another stack's tier. */
static void put_shared_host(const struct fixture *f)
{
	char shop[] = "shop", other[] = "other", tier[] = "db", pool[] = "p";
	char host[] = "p-1", name[] = "db.service";
	const struct db_pool p = { .name = pool, .stack = shop };
	const struct db_host h = { .id = host, .pool = pool, .state = DB_HOST_UP };
	const struct db_unit u = {
		.name = name, .stack = other, .tier = tier, .host = host
	};
	struct db_stack s = { .name = other };
	struct err e;

	fixture_put_tier(f);
	assert_ok(db_stack_put(f->db, &s, -1, NULL, &e), &e);
	assert_ok(db_pool_put(f->db, &p, &e), &e);
	assert_ok(db_host_put(f->db, &h, &e), &e);
	assert_ok(db_unit_put(f->db, &u, &e), &e);
}

static int64_t put_hold(const struct fixture *f, const char *stack, const char *tier)
{
	union {
		const char *in;
		char *out;
	} s = { .in = stack }, t = { .in = tier };
	const struct db_hold h = { .stack = s.out, .tier = t.out };
	int64_t id = 0;
	struct err e;

	assert_ok(db_hold_add(f->db, &h, &id, &e), &e);
	return id;
}

static void a_host_with_units_of_a_held_tier_is_not_drained(void **state)
{
	const struct fixture *f = *state;
	const struct call drain = { .method = "POST",
				    .path = "/v1/hosts/p-1/drain",
				    .token = f->admin };
	const struct call delete = { .method = "DELETE",
				     .path = "/v1/stacks/shop",
				     .token = f->admin };
	CLEANUP(free) char *forced = NULL;
	CLEANUP(json_decref) json_t *doc = NULL;
	struct call by_force = drain;

	put_shared_host(f);
	(void)put_hold(f, "shop", "web");
	assert_int_equal(fixture_status(f, &drain), 202);
	put_shared_host(f);
	const int64_t id = put_hold(f, "other", "db");

	assert_int_equal(fixture_json(f, &drain, &doc), 409);
	assert_int_equal(json_array_size(json_object_get(doc, "holds")), 1);
	forced = xasprintf("%s?force=%lld", drain.path, (long long)id);
	/* Nor is the stack deleted whose hosts it runs on, with both holds in the way. */
	assert_int_equal(fixture_status(f, &delete), 409);
	by_force.path = forced;
	assert_int_equal(fixture_status(f, &by_force), 202);
}

static void the_drain_of_a_host_that_is_not_heard_says_when_it_ends(void **state)
{
	const struct fixture *f = *state;
	const struct call drain = { .method = "POST",
				    .path = "/v1/hosts/p-1/drain?dry_run=true",
				    .token = f->admin };
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *detail = NULL;
	struct err e;

	put_shared_host(f);
	assert_ok(db_host_set_unknown(f->db, "p-1", 1, true, &e), &e);
	assert_int_equal(fixture_json(f, &drain, &doc), 200);
	assert_int_equal(json_unpack(doc, "{s:[{s:s}]}", "changes", "detail", &detail),
			 0);
	assert_non_null(strstr(detail, "once it has been silent for 5m"));
}

static void the_hold_of_a_stack_guards_its_empty_hosts(void **state)
{
	const struct fixture *f = *state;
	char pool[] = "p", host[] = "p-2";
	const struct db_host h = { .id = host, .pool = pool, .state = DB_HOST_UP };
	const struct call drain = { .method = "POST",
				    .path = "/v1/hosts/p-2/drain",
				    .token = f->admin };
	struct err e;

	put_shared_host(f);
	assert_ok(db_host_put(f->db, &h, &e), &e);
	(void)put_hold(f, "shop", "");
	assert_int_equal(fixture_status(f, &drain), 409);
}

static void a_hold_on_what_is_not_there_is_refused(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(
		fixture_status(f, CALL(.method = "POST", .path = "/v1/holds",
				       .token = f->admin,
				       .body = "{\"stack\":\"x\",\"reason\":\"y\"}")),
		404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hold_is_set_seen_and_released),
		TEST(a_host_with_units_of_a_held_tier_is_not_drained),
		TEST(the_drain_of_a_host_that_is_not_heard_says_when_it_ends),
		TEST(the_hold_of_a_stack_guards_its_empty_hosts),
		TEST(a_hold_on_what_is_not_there_is_refused),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("api_holds", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
