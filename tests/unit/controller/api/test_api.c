/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The API itself: routes, roles, problems, ETags, paging, replays, streams. */
#include "api_fixture.h"

#include "auth.h"
#include "events.h"
#include "routes.h"
#include "samples.h"
#include "text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void count_poke(void *arg, const char *why)
{
	struct fixture *f = arg;

	(void)why;
	__atomic_add_fetch(&f->pokes, 1, __ATOMIC_SEQ_CST);
}

static int setup(void **state)
{
	struct fixture *f = fixture_new();
	const struct api_hooks hooks = { .arg = f, .poke = count_poke };

	fixture_open(f, &hooks, "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static const char *text_of(const json_t *doc, const char *key)
{
	const char *s = json_string_value(json_object_get(doc, key));

	return s ? s : "";
}

/* ---------------------------------------------------------------- routes */

static void every_path_finds_its_route(void **state)
{
	static const struct {
		const char *method, *path, *pattern, *arg;
	} cases[] = {
		{ "GET", "/v1/stacks", "/v1/stacks", "" },
		{ "GET", "/v1/stacks/shop", "/v1/stacks/{stack}", "shop" },
		{ "GET", "/v1/units/web@3.service/logs", "/v1/units/{unit}/logs",
		  "web@3.service" },
		{ "GET", "/v1/tiers/a/b/explain", "/v1/tiers/{stack}/{tier}/explain",
		  "a" },
		{ "GET", "/v1/events/stream", "/v1/events/stream", "" },
		{ "GET", "/v1/stacks/", NULL, "" },
		{ "GET", "/v1/tiers/a", NULL, "" },
		{ "GET", "/v1/tiers/a/b/c", NULL, "" },
		{ "GET", "/v2/stacks", NULL, "" },
	};
	char args[API_ARGS_MAX][API_ARG_MAX], allow[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct api_route *r;

		args[0][0] = '\0';
		r = api_route_find(cases[i].method, cases[i].path, args, allow);
		if (!cases[i].pattern) {
			assert_null(r);
			continue;
		}
		assert_non_null(r);
		assert_string_equal(r->pattern, cases[i].pattern);
		assert_string_equal(args[0], cases[i].arg);
	}
}

static void a_wrong_method_says_which_ones_there_are(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	char allow[64];

	assert_int_equal(fixture_call(f,
				      CALL(.method = "POST", .path = "/v1/stacks/x",
					   .body = "{}", .token = f->admin),
				      &res),
			 405);
	assert_true(http_res_header(&res, "Allow", allow, sizeof(allow)));
	assert_string_equal(allow, "GET, PUT, DELETE");
}

static void an_unknown_path_is_a_problem_document(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	CLEANUP(json_decref) json_t *doc = NULL;
	char type[64];
	struct err e;

	assert_int_equal(fixture_call(f, CALL(.path = "/v1/nothing"), &res), 404);
	assert_true(http_res_header(&res, "Content-Type", type, sizeof(type)));
	assert_string_equal(type, "application/problem+json");
	assert_ok(json_parse(res.body.data, res.body.len, "problem", &doc, &e), &e);
	assert_int_equal(json_integer_value(json_object_get(doc, "status")), 404);
	assert_string_equal(text_of(doc, "instance"), "/v1/nothing");
	assert_true(*text_of(doc, "title") && *text_of(doc, "detail"));
}

static void every_answer_has_the_security_headers(void **state)
{
	static const char *const names[] = { "Content-Security-Policy",
					     "X-Content-Type-Options", "X-Frame-Options",
					     "Referrer-Policy" };
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res ok = { .status = 0 };
	CLEANUP(http_res_done) struct http_res bad = { .status = 0 };
	char text[512];

	assert_int_equal(fixture_call(f, CALL(.path = "/healthz"), &ok), 200);
	assert_int_equal(fixture_call(f, CALL(.path = "/nothing"), &bad), 404);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_true(http_res_header(&ok, names[i], text, sizeof(text)));
		assert_true(http_res_header(&bad, names[i], text, sizeof(text)));
	}
}

/* ---------------------------------------------------------------- roles */

static void no_route_but_the_open_ones_answers_without_a_token(void **state)
{
	const struct fixture *f = *state;

	for (const struct api_route *r = api_routes; r->method; r++) {
		const struct call c = { .method = r->method,
					.path = r->pattern,
					.body = r->body == API_NO_BODY ? NULL : "{}" };
		long status;

		if (r->role == API_ANYONE || strcmp(r->pattern, "/metrics") == 0)
			continue;
		status = fixture_status(f, &c);
		if (status != 401)
			fail_msg("%s %s answered %ld", r->method, r->pattern, status);
	}
}

static void each_role_does_what_is_below_it_and_no_more(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(
		fixture_status(f, CALL(.path = "/v1/status", .token = f->viewer)), 200);
	assert_int_equal(
		fixture_status(f, CALL(.path = "/v1/tokens", .token = f->viewer)), 403);
	assert_int_equal(fixture_status(f, CALL(.method = "POST", .path = "/v1/holds",
						.token = f->viewer, .body = "{}")),
			 403);
	assert_int_equal(fixture_status(f, CALL(.path = "/v1/tokens", .token = f->admin)),
			 200);
	/* An admin is no host. */
	assert_int_equal(
		fixture_status(f, CALL(.method = "POST", .path = "/v1/agent/metrics",
				       .token = f->admin, .body = "{}")),
		403);
}

static void too_many_invalid_tokens_lock_an_address_out(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	long status = 0;
	char wait[16];

	assert_int_equal(fixture_status(f, CALL(.path = "/v1/status", .token = "ft_no")),
			 401);
	for (int i = 0; i < 30 && status != 429; i++)
		status = fixture_status(f, CALL(.path = "/v1/status", .token = "ft_no"));
	assert_int_equal(status, 429);
	assert_int_equal(
		fixture_call(f, CALL(.path = "/v1/status", .token = f->admin), &res),
		429);
	assert_true(http_res_header(&res, "Retry-After", wait, sizeof(wait)));
}

static void a_revoked_token_is_worth_nothing_at_once(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *made = NULL;
	CLEANUP(free) char *path = NULL;
	const char *secret;

	assert_int_equal(
		fixture_json(f,
			     CALL(.method = "POST", .path = "/v1/tokens",
				  .token = f->admin,
				  .body = "{\"name\":\"ci\",\"role\":\"operator\"}"),
			     &made),
		201);
	secret = text_of(made, "token");
	path = xasprintf("/v1/tokens/%lld",
			 (long long)json_integer_value(json_object_get(made, "id")));
	assert_int_equal(fixture_status(f, CALL(.path = "/v1/status", .token = secret)),
			 200);
	assert_int_equal(fixture_status(f, CALL(.method = "DELETE", .path = path,
						.token = f->admin)),
			 204);
	assert_int_equal(fixture_status(f, CALL(.path = "/v1/status", .token = secret)),
			 401);
}

static void the_secret_of_a_token_is_shown_once(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };

	assert_int_equal(
		fixture_call(f, CALL(.path = "/v1/tokens", .token = f->admin), &res),
		200);
	assert_null(strstr(res.body.data, "ft_"));
	assert_null(strstr(res.body.data, "hash"));
}

static void the_last_admin_token_cannot_be_revoked(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(
		fixture_status(f, CALL(.method = "DELETE", .path = "/v1/tokens/1",
				       .token = f->admin)),
		409);
}

static void the_first_token_is_created_once(void **state)
{
	const struct fixture *f = *state;
	char *again = NULL;
	struct err e;

	assert_ok(api_first_token(f->db, &again, &e), &e);
	assert_null(again);
}

/* ---------------------------------------------------------------- bodies */

static void bodies_that_are_wrong_name_what_is_wrong(void **state)
{
	static const struct {
		const char *body, *type;
		long status;
		const char *words;
	} cases[] = {
		{ "{", NULL, 400, "not JSON" },
		{ "[]", NULL, 400, "object" },
		{ "{\"name\":5}", NULL, 400, "\\\"name\\\" must be a string" },
		{ "{\"name\":\"a\",\"x\":1}", NULL, 400, "unknown member \\\"x\\\"" },
		{ "{\"name\":\"a\",\"role\":\"king\"}", NULL, 400, "viewer, operator" },
		{ "{\"name\":\"\"}", NULL, 400, "1 to 63" },
		{ "{\"name\":\"a\",\"for\":\"x\"}", NULL, 400, "for" },
		{ "{\"name\":\"a\"}", "text/html", 415, "application/json" },
		{ "", NULL, 400, "a body is required" },
	};
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(http_res_done) struct http_res res = { .status = 0 };

		fixture_call(f,
			     CALL(.method = "POST", .path = "/v1/tokens",
				  .token = f->admin, .body = cases[i].body,
				  .type = cases[i].type),
			     &res);
		if (res.status != cases[i].status ||
		    !strstr(buf_str(&res.body), cases[i].words))
			fail_msg("case %zu: %ld %s", i, res.status, buf_str(&res.body));
	}
}

static void bodies_that_are_too_large_are_refused(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(free) char *body = xmalloc(100 * 1024 + 1);

	memset(body, ' ', 100 * 1024);
	body[100 * 1024] = '\0';
	assert_int_equal(fixture_status(f, CALL(.method = "POST", .path = "/v1/tokens",
						.token = f->admin, .body = body)),
			 413);
	assert_int_equal(fixture_status(f, CALL(.method = "POST", .path = "/v1/tokens",
						.token = f->admin, .body = body,
						.header = "Transfer-Encoding: chunked")),
			 413);
}

static void dry_run_changes_nothing(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(db_token_list_done) struct db_token_list tokens = { NULL, 0 };
	struct err e;

	assert_int_equal(
		fixture_json(f,
			     CALL(.method = "POST", .path = "/v1/tokens?dry_run=true",
				  .token = f->admin, .body = "{\"name\":\"x\"}"),
			     &doc),
		200);
	assert_string_equal(text_of(doc, "token"), "");
	assert_ok(db_token_list(f->db, &tokens, &e), &e);
	assert_int_equal(tokens.n, 2);
}

/* ---------------------------------------------------------------- ETags, pages */

static void an_unchanged_answer_is_304(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	CLEANUP(http_res_done) struct http_res again = { .status = 0 };
	CLEANUP(free) char *header = NULL;
	char etag[64];

	fixture_call(f, CALL(.path = "/v1/pools", .token = f->viewer), &res);
	assert_true(http_res_header(&res, "ETag", etag, sizeof(etag)));
	header = xasprintf("If-None-Match: %s", etag);
	assert_int_equal(fixture_call(f,
				      CALL(.path = "/v1/pools", .token = f->viewer,
					   .header = header),
				      &again),
			 304);
	assert_int_equal(again.body.len, 0);
}

static void add_hosts(const struct fixture *f, size_t n)
{
	struct err e;

	for (size_t i = 0; i < n; i++) {
		char id[32], pool[] = "web";
		struct db_host h = { .id = id, .pool = pool, .state = DB_HOST_UP };

		snprintf(id, sizeof(id), "web-%08zx", i);
		assert_ok(db_host_put(f->db, &h, &e), &e);
	}
}

static void pages_give_everything_once_and_in_order(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(free) char *path = xstrdup("/v1/hosts?limit=10");
	size_t n = 0, pages = 0;
	char last[32] = "";

	add_hosts(f, 35);
	while (path) {
		CLEANUP(json_decref) json_t *doc = NULL;
		json_t *item;
		size_t i;

		assert_int_equal(
			fixture_json(f, CALL(.path = path, .token = f->viewer), &doc),
			200);
		json_array_foreach(json_object_get(doc, "items"), i, item)
		{
			assert_true(strcmp(text_of(item, "id"), last) > 0);
			snprintf(last, sizeof(last), "%s", text_of(item, "id"));
			n++;
		}
		pages++;
		free(TAKE(path));
		if (*text_of(doc, "next"))
			path = xasprintf("/v1/hosts?limit=10&cursor=%s",
					 text_of(doc, "next"));
	}
	assert_int_equal(n, 35);
	assert_int_equal(pages, 4);
}

static void limits_that_are_wrong_are_refused(void **state)
{
	static const char *const paths[] = {
		"/v1/hosts?limit=0",          "/v1/hosts?limit=x",
		"/v1/hosts?limit=1001",       "/v1/events?cursor=-1",
		"/v1/events?since=yesterday", "/v1/decisions?since=noon"
	};
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(
			fixture_status(f, CALL(.path = paths[i], .token = f->viewer)),
			400);
}

/* ---------------------------------------------------------------- replays */

static void a_post_with_a_key_happens_once(void **state)
{
	const struct fixture *f = *state;
	const struct call c = { .method = "POST",
				.path = "/v1/tokens",
				.token = f->admin,
				.body = "{\"name\":\"once\"}",
				.header = "Idempotency-Key: k1" };
	struct call other = c;
	CLEANUP(json_decref) json_t *first = NULL;
	CLEANUP(json_decref) json_t *second = NULL;

	other.body = "{\"name\":\"twice\"}";
	assert_int_equal(fixture_json(f, &c, &first), 201);
	assert_int_equal(fixture_json(f, &c, &second), 201);
	assert_true(json_equal(first, second));
	assert_int_equal(fixture_status(f, &other), 422);
}

/* ---------------------------------------------------------------- holds */

static void put_stack_row(const struct fixture *f)
{
	char name[] = "shop", tier[] = "web", unit[] = "web@.service", empty[] = "{}";
	struct db_stack s = { .name = name, .text_json = empty };
	struct db_tier t = { .stack = name,
			     .name = tier,
			     .unit = unit,
			     .min = 1,
			     .max = 4,
			     .desired = -1,
			     .risk_ratio = 0.005 };
	struct err e;

	assert_ok(db_stack_put(f->db, &s, -1, NULL, &e), &e);
	assert_ok(db_tier_put(f->db, &t, &e), &e);
}

static void lead_times_come_in_pages_newest_first(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(free) char *path = xstrdup("/v1/tiers/shop/web/leads?limit=3");
	struct err e;
	json_int_t last = 1000;
	size_t n = 0;

	put_stack_row(f);
	for (int i = 0; i < 7; i++) {
		char stack[] = "shop", tier[] = "web", none[] = "";
		const struct db_lead l = { .kind = DB_LEAD_TIER,
					   .stack = stack,
					   .tier = tier,
					   .pool = none,
					   .host = none };

		assert_ok(db_lead_add(f->db, &l, &e), &e);
	}
	while (path) {
		CLEANUP(json_decref) json_t *doc = NULL;
		json_t *item;
		size_t i;

		assert_int_equal(
			fixture_json(f, CALL(.path = path, .token = f->viewer), &doc),
			200);
		json_array_foreach(json_object_get(doc, "items"), i, item)
		{
			json_int_t id = json_integer_value(json_object_get(item, "id"));

			assert_true(id < last);
			last = id;
			n++;
		}
		free(TAKE(path));
		if (*text_of(doc, "next"))
			path = xasprintf("/v1/tiers/shop/web/leads?limit=3&cursor=%s",
					 text_of(doc, "next"));
	}
	assert_int_equal(n, 7);
}

static void a_hold_is_set_seen_and_released(void **state)
{
	struct fixture *f = *state;
	CLEANUP(json_decref) json_t *made = NULL;
	CLEANUP(json_decref) json_t *tier = NULL;
	CLEANUP(json_decref) json_t *after = NULL;

	put_stack_row(f);
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

	put_stack_row(f);
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

/* ---------------------------------------------------------------- tiers */

/* PATCHes shop/web under If-Match with the ETag; returns the status, and the
 * ETag after. */
static long patch_if(const struct fixture *f, const char *etag, const char *body,
		     char ret_etag[64])
{
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	CLEANUP(free) char *header = xasprintf("If-Match: %s", etag);

	fixture_call(f,
		     CALL(.method = "PATCH", .path = "/v1/tiers/shop/web",
			  .token = f->admin, .body = body, .header = header),
		     &res);
	if (res.status == 200)
		assert_true(http_res_header(&res, "ETag", ret_etag, 64));
	else
		assert_non_null(strstr(buf_str(&res.body), "\"status\":412"));
	return res.status;
}

static void a_tier_that_somebody_changed_meanwhile_is_not_changed(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	CLEANUP(db_tier_done) struct db_tier t = { .name = NULL };
	char mine[64], theirs[64], next[64];
	struct err e;

	put_stack_row(f);
	fixture_call(f, CALL(.path = "/v1/tiers/shop/web", .token = f->viewer), &res);
	assert_true(http_res_header(&res, "ETag", mine, sizeof(mine)));
	/* A tick goes by, which is nobody's change. */
	assert_ok(db_tier_get(f->db, "shop", "web", &t, &e), &e);
	t.desired = 5;
	t.updated_ms = 12345;
	assert_ok(db_tiers_decide(f->db, &t, 1, &e), &e);
	assert_int_equal(patch_if(f, mine, "{\"max\":7}", theirs), 200);
	assert_int_equal(patch_if(f, mine, "{\"max\":9}", next), 412);
	assert_int_equal(patch_if(f, "\"nonsense\"", "{\"max\":9}", next), 412);
	db_tier_done(&t);
	assert_ok(db_tier_get(f->db, "shop", "web", &t, &e), &e);
	assert_int_equal(t.max, 7);
	assert_int_equal(patch_if(f, theirs, "{\"max\":8}", next), 200);
	assert_int_equal(patch_if(f, "*", "{\"max\":9}", next), 200);
}

static void a_tier_is_changed_within_its_ranges(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	struct call c = { .method = "PATCH",
			  .path = "/v1/tiers/shop/web",
			  .token = f->admin,
			  .body = "{\"mode\":\"auto\",\"max\":7,\"dwell\":\"5m\","
				  "\"action_price\":2.5}" };

	put_stack_row(f);
	assert_int_equal(fixture_json(f, &c, &doc), 200);
	assert_string_equal(text_of(doc, "mode"), "auto");
	assert_int_equal(json_integer_value(json_object_get(doc, "max")), 7);
	assert_string_equal(text_of(doc, "dwell"), "5m");
	assert_close(json_number_value(json_object_get(doc, "action_price")), 2.5, 1e-12);
	json_decref(TAKE(doc));
	c.body = "{\"utilisation\":\"avg(busy)\",\"latency\":\"avg(wait)\","
		 "\"target_utilisation\":\"60%\"}";
	assert_int_equal(fixture_json(f, &c, &doc), 200);
	assert_string_equal(text_of(doc, "utilisation"), "avg(busy)");
	assert_string_equal(text_of(doc, "latency"), "avg(wait)");
	assert_close(json_number_value(json_object_get(doc, "target_utilisation")), 0.6,
		     1e-12);
	c.body = "{\"target_utilisation\":1.5}";
	assert_int_equal(fixture_status(f, &c), 400);
	c.body = "{\"min\":9}";
	assert_int_equal(fixture_status(f, &c), 400);
	c.body = "{\"risk\":2}";
	assert_int_equal(fixture_status(f, &c), 400);
	c.body = "{\"action_price\":-1}";
	assert_int_equal(fixture_status(f, &c), 400);
	c.body = "{\"action_price\":1000001}";
	assert_int_equal(fixture_status(f, &c), 400);
	c.body = "{\"name\":\"db\"}";
	assert_int_equal(fixture_status(f, &c), 400);
	c.body = "{\"mode\":\"manual\"}";
	assert_int_equal(fixture_status(f, &c), 400);
}

static void history_goes_in_as_csv_and_as_json(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *csv = NULL;
	CLEANUP(json_decref) json_t *json = NULL;
	struct call c = { .method = "POST",
			  .path = "/v1/tiers/shop/web/history",
			  .token = f->admin,
			  .type = "text/csv",
			  .body = "timestamp,value\n1750000000,5\n1750000300,7\n"
				  "1750000600,9\n" };

	put_stack_row(f);
	assert_int_equal(fixture_json(f, &c, &csv), 200);
	assert_int_equal(json_integer_value(json_object_get(csv, "values")), 3);
	assert_true(json_integer_value(json_object_get(csv, "added")) >= 14);
	c.type = NULL;
	c.body = "{\"points\":[[1750100000,1],[1750100060,2],[1750100120,null]]}";
	assert_int_equal(fixture_json(f, &c, &json), 200);
	assert_int_equal(json_integer_value(json_object_get(json, "values")), 2);
	c.type = "text/csv";
	c.body = "t,v\n1750000000,cold\n";
	assert_int_equal(fixture_status(f, &c), 400);
	c.body = "t,v\n1750000000,-1\n";
	assert_int_equal(fixture_status(f, &c), 400);
	c.body = "";
	assert_int_equal(fixture_status(f, &c), 400);
}

static void a_backtest_needs_history_and_a_capacity(void **state)
{
	const struct fixture *f = *state;
	struct call c = { .method = "POST",
			  .path = "/v1/tiers/shop/web/backtest",
			  .token = f->admin };

	put_stack_row(f);
	assert_int_equal(fixture_status(f, &c), 400);
	c.body = "{\"capacity\":10}";
	assert_int_equal(fixture_status(f, &c), 409);
	c.body = "{\"capacity\":10,\"boot\":\"2d\"}";
	assert_int_equal(fixture_status(f, &c), 400);
}

static void a_replay_refuses_what_it_cannot_do_in_words(void **state)
{
	static const struct {
		const char *body, *words;
	} wrong[] = {
		{ "{\"since\":\"yesterday\"}", "\"since\" must be a time" },
		{ "{\"since\":\"1h\",\"until\":\"2h\"}", "before" },
		{ "{\"colour\":1}", "\"colour\"" },
		{ "{\"limit\":-1}", "\"limit\"" },
		{ "{\"with\":[]}", "\"with\"" },
		{ "{\"with\":{\"colour\":\"red\"}}", "no option 'colour'" },
		{ "{\"with\":{\"max\":\"many\"}}", "max" },
		{ "{\"with\":{\"mode\":\"fast\"}}", "mode must be" },
		{ "{\"with\":{\"min\":9,\"max\":2}}", "min 9 is above max 2" },
		{ "{\"with\":{\"unit\":\"other.service\"}}", "\"unit\" cannot be" },
		{ "{\"with\":{\"priority\":5}}", "\"priority\" cannot be" },
		{ "{\"with\":{\"latency\":\"sum(x)\"}}", "\"latency\" cannot be" },
		{ "{\"with\":{\"target_utilisation\":\"50%\"}}",
		  "\"target_utilisation\"" },
		{ "{\"with\":{\"schedule\":[\"never\"]}}", "schedule 'never'" },
		{ "{\"with\":{\"schedule\":\"x\"}}", "must be a list" },
		{ "{\"since\":\"30d\",\"with\":{\"max\":3,\"capacity\":5}}", "21 days" },
	};
	const struct fixture *f = *state;
	struct call c = { .method = "POST",
			  .path = "/v1/tiers/shop/web/replay",
			  .token = f->admin };

	put_stack_row(f);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		CLEANUP(json_decref) json_t *doc = NULL;
		const char *words;

		c.body = wrong[i].body;
		assert_int_equal(fixture_json(f, &c, &doc), 400);
		words = json_string_value(json_object_get(doc, "detail"));
		if (!words || !strstr(words, wrong[i].words))
			fail_msg("%s: '%s'", wrong[i].body, words);
	}
	c.body = "{\"with\":{\"max\":3,\"capacity\":5}}";
	assert_int_equal(fixture_status(f, &c), 409); /* no history */
	c.token = f->viewer;
	assert_int_equal(fixture_status(f, &c), 403);
	c.token = f->admin;
	c.path = "/v1/tiers/shop/none/replay";
	assert_int_equal(fixture_status(f, &c), 404);
}

static void a_replay_tells_what_differs_and_what_has_no_record(void **state)
{
	static const char record[] =
		"{\"v\":2,\"by\":\"0.0.1\",\"in\":{\"stack\":\"shop\",\"tier\":\"web\","
		"\"now_ms\":%lld,\"mode\":2,\"max\":-1,\"floor\":-1,\"ceiling\":-1,"
		"\"budget\":-1},\"state\":{\"needed\":[0,0]}}";
	const struct fixture *f = *state;
	const int64_t now = clock_now_ms();
	CLEANUP(free) char *text = xasprintf(record, (long long)now - 5000);
	CLEANUP(json_decref) json_t *doc = NULL;
	struct db_decision d = { .stack = "shop", .tier = "web", .at_ms = now - 5000 };
	const json_t *decisions, *one;
	struct err e;

	put_stack_row(f);
	assert_ok(db_decision_add(f->db, &d, NULL, &e), &e);
	d.record = text;
	d.to = 7;
	assert_ok(db_decision_add(f->db, &d, NULL, &e), &e);
	assert_int_equal(
		fixture_json(f,
			     CALL(.method = "POST", .path = "/v1/tiers/shop/web/replay",
				  .body = "{\"since\":\"1h\"}", .token = f->admin),
			     &doc),
		200);
	decisions = json_object_get(doc, "decisions");
	assert_int_equal(json_integer_value(json_object_get(decisions, "repeated")), 1);
	assert_int_equal(json_integer_value(json_object_get(decisions, "equal")), 0);
	assert_int_equal(json_integer_value(json_object_get(decisions, "without_record")),
			 1);
	one = json_array_get(json_object_get(decisions, "different"), 0);
	assert_string_equal(json_string_value(json_object_get(one, "field")), "to");
	assert_string_equal(json_string_value(json_object_get(one, "recorded")), "7");
	assert_string_equal(json_string_value(json_object_get(one, "repeated")), "0");
	assert_string_equal(json_string_value(json_object_get(one, "version")), "0.0.1");
	assert_true(json_is_null(json_object_get(doc, "played")));
}

/* ---------------------------------------------------------------- events */

static int stream_open(const struct fixture *f)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(api_port(f->api)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CLEANUP(free)
	char *ask = xasprintf("GET /v1/events/stream HTTP/1.1\r\nHost: x\r\n"
			      "Authorization: Bearer %s\r\n\r\n",
			      f->viewer);
	struct timeval wait = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(fd, ask, strlen(ask)), strlen(ask));
	return fd;
}

/* Reads on until the text has come. */
static void await(int fd, struct buf *b, const char *text)
{
	while (!strstr(buf_str(b), text)) {
		char part[4096];
		ssize_t n = read(fd, part, sizeof(part));

		if (n <= 0)
			fail_msg("the stream ended before '%s': %s", text, buf_str(b));
		buf_add(b, part, (size_t)n);
	}
}

static void events_arrive_in_the_stream_as_they_happen(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(close_fd) int fd = stream_open(f);
	CLEANUP(buf_done) struct buf b;
	char kind[] = "test-event", message[] = "hello there";
	const struct db_event ev = { .kind = kind, .message = message };
	struct err e;

	buf_init(&b, 1 << 20);
	await(fd, &b, "retry:");
	assert_non_null(strstr(buf_str(&b), "text/event-stream"));
	assert_ok(db_event_add(f->db, &ev, NULL, &e), &e);
	api_notify_event(f->api);
	await(fd, &b, "hello there");
	assert_non_null(strstr(buf_str(&b), "event: test-event"));
}

/* Also without a notice, and the API can be closed while a stream sleeps. */
static void a_sleeping_stream_sees_events_and_does_not_stop_the_end(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(close_fd) int fd = stream_open(f);
	CLEANUP(buf_done) struct buf b;
	char kind[] = "quiet-event", message[] = "psst";
	const struct db_event ev = { .kind = kind, .message = message };
	struct err e;

	buf_init(&b, 1 << 20);
	await(fd, &b, "retry:");
	assert_ok(db_event_add(f->db, &ev, NULL, &e), &e);
	await(fd, &b, "psst");
}

/* ---------------------------------------------------------------- words of others */

static void assert_message(const struct fixture *f, const char *path, const char *want)
{
	CLEANUP(json_decref) json_t *doc = NULL;
	const json_t *items, *first;

	assert_int_equal(fixture_json(f, CALL(.path = path, .token = f->viewer), &doc),
			 200);
	items = json_object_get(doc, "items");
	first = items ? json_array_get(items, 0) : doc;
	assert_non_null(first);
	assert_string_equal(json_string_value(json_object_get(first, "message")), want);
}

/* What a unit says is whatever bytes it wrote last. */
static void words_that_are_no_text_reach_units_and_events(void **state)
{
	const struct fixture *f = *state;
	const struct db_stack s = { .name = (char[]){ "shop" } };
	const struct db_unit u = { .name = (char[]){ "web@1.service" },
				   .stack = (char[]){ "shop" },
				   .tier = (char[]){ "web" },
				   .message = (char[]){ "died: \xff\xfe" } };
	const struct events events = { .db = f->db };
	struct err e;

	assert_ok(db_stack_put(f->db, &s, -1, NULL, &e), &e);
	assert_ok(db_unit_put(f->db, &u, &e), &e);
	assert_message(f, "/v1/units", "died: ??");
	assert_message(f, "/v1/units/web@1.service", "died: ??");
	event_add(&events, "unit-failed", DB_LEVEL_WARN, EVENT_ABOUT(.unit = u.name),
		  "unit %s failed: %s", u.name, u.message);
	assert_message(f, "/v1/events", "unit web@1.service failed: died: ??");
}

static void a_problem_quotes_what_is_no_text(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;

	assert_int_equal(fixture_json(f,
				      CALL(.path = "/v1/units/a%ffb", .token = f->viewer),
				      &doc),
			 404);
	assert_string_equal(json_string_value(json_object_get(doc, "detail")),
			    "no unit 'a?b'");
	assert_string_equal(json_string_value(json_object_get(doc, "instance")),
			    "/v1/units/a?b");
}

/* ---------------------------------------------------------------- the rest */

static void plain_http_off_loopback_must_be_asked_for(void **state)
{
	const struct fixture *f = *state;
	const struct api_hooks hooks = { .arg = NULL };
	struct api_opts opts = { .listen = "0.0.0.0:0",
				 .host_listen = "",
				 .advertise = "",
				 .web_root = "",
				 .agent = "",
				 .store_urls = "" };
	struct api *api = NULL;
	struct err e;

	assert_int_equal(api_open(&opts, f->db, f->ca, &hooks, &api, &e), ERR_DENIED);
	assert_non_null(strstr(e.msg, "insecure_listen"));
	opts.insecure_listen = true;
	assert_ok(api_open(&opts, f->db, f->ca, &hooks, &api, &e), &e);
	api_close(api);
	opts.listen = "nowhere";
	assert_int_equal(api_open(&opts, f->db, f->ca, &hooks, &api, &e), ERR_INVAL);
}

static void its_own_metrics_are_open_on_loopback(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };

	assert_int_equal(fixture_call(f, CALL(.path = "/metrics"), &res), 200);
	assert_non_null(strstr(res.body.data, "foretide_objects{kind=\"host\"} 0"));
}

static void its_metrics_have_the_pauses_of_agents(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	const int64_t now = clock_now_ms();
	const struct db_sample_in in[] = {
		{ .name = "agent_loop_pause_seconds_max",
		  .labels = "host=\"web-00000000\"",
		  .t_ms = now - 5000,
		  .v = 1.5 },
		{ .name = "agent_loop_pause_seconds_max",
		  .labels = "host=\"web-00000001\"",
		  .t_ms = now - 3600 * 1000, /* silent since */
		  .v = 0.25 },
	};
	struct err e;

	add_hosts(f, 3);
	assert_ok(db_samples_add(f->db, in, ARRAY_SIZE(in), now, NULL, &e), &e);
	assert_int_equal(fixture_call(f, CALL(.path = "/metrics"), &res), 200);
	assert_non_null(strstr(res.body.data,
			       "foretide_agent_loop_pause_seconds_max{host="
			       "\"web-00000000\"} 1.5"));
	assert_null(strstr(res.body.data, "{host=\"web-00000001\"}"));
	assert_null(strstr(res.body.data, "{host=\"web-00000002\"}"));
}

static void what_is_not_there_is_a_503_and_not_a_crash(void **state)
{
	static const char *const paths[] = {
		"/v1/services", "/v1/tiers/shop/web/forecast",
		"/v1/tiers/shop/web/series", "/v1/series/data?expr=x", "/v1/agent/binary"
	};
	const struct fixture *f = *state;

	put_stack_row(f);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(
			fixture_status(f, CALL(.path = paths[i], .token = f->viewer)),
			503);
}

/* The query parameters that it takes, in the order that they are described in. */
static void assert_query_is_described(const struct api_route *r, const json_t *parameters)
{
	CLEANUP(buf_done) struct buf names;
	const json_t *p;
	size_t i;

	buf_init(&names, 1024);
	json_array_foreach(parameters, i, p)
	{
		if (strcmp(text_of(p, "in"), "query") == 0)
			buf_printf(&names, "%s%s", names.len ? " " : "",
				   text_of(p, "name"));
	}
	if (strcmp(buf_str(&names), r->query) != 0)
		fail_msg("%s %s takes '%s' and describes '%s'", r->method, r->pattern,
			 r->query, buf_str(&names));
}

/* Every route is in openapi.json, and nothing else is. */
static void the_document_describes_every_route(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;
	json_t *paths, *methods, *operation;
	const char *path, *method;
	size_t described = 0, routes = 0;

	assert_int_equal(fixture_json(f, CALL(.path = "/openapi.json"), &doc), 200);
	paths = json_object_get(doc, "paths");
	for (const struct api_route *r = api_routes; r->method; r++, routes++) {
		char lower[16];

		snprintf(lower, sizeof(lower), "%s", r->method);
		for (char *p = lower; *p; p++)
			*p = (char)(*p | 0x20);
		operation = json_object_get(json_object_get(paths, r->pattern), lower);
		if (!operation)
			fail_msg("%s %s is not described", r->method, r->pattern);
		assert_string_equal(text_of(operation, "x-role"), api_role_name(r->role));
		assert_query_is_described(r, json_object_get(operation, "parameters"));
	}
	json_object_foreach(paths, path, methods)
		json_object_foreach(methods, method, operation) described +=
		strcmp(method, "parameters") != 0 && strncmp(path, "/v3/", 4) != 0;
	assert_int_equal(described, routes + 2); /* the document itself, and / */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_path_finds_its_route),
		TEST(a_wrong_method_says_which_ones_there_are),
		TEST(an_unknown_path_is_a_problem_document),
		TEST(every_answer_has_the_security_headers),
		TEST(no_route_but_the_open_ones_answers_without_a_token),
		TEST(each_role_does_what_is_below_it_and_no_more),
		TEST(too_many_invalid_tokens_lock_an_address_out),
		TEST(a_revoked_token_is_worth_nothing_at_once),
		TEST(the_secret_of_a_token_is_shown_once),
		TEST(the_last_admin_token_cannot_be_revoked),
		TEST(the_first_token_is_created_once),
		TEST(bodies_that_are_wrong_name_what_is_wrong),
		TEST(bodies_that_are_too_large_are_refused),
		TEST(dry_run_changes_nothing),
		TEST(an_unchanged_answer_is_304),
		TEST(pages_give_everything_once_and_in_order),
		TEST(lead_times_come_in_pages_newest_first),
		TEST(limits_that_are_wrong_are_refused),
		TEST(a_post_with_a_key_happens_once),
		TEST(a_hold_is_set_seen_and_released),
		TEST(a_host_with_units_of_a_held_tier_is_not_drained),
		TEST(the_drain_of_a_host_that_is_not_heard_says_when_it_ends),
		TEST(the_hold_of_a_stack_guards_its_empty_hosts),
		TEST(a_hold_on_what_is_not_there_is_refused),
		TEST(a_tier_is_changed_within_its_ranges),
		TEST(a_tier_that_somebody_changed_meanwhile_is_not_changed),
		TEST(history_goes_in_as_csv_and_as_json),
		TEST(a_backtest_needs_history_and_a_capacity),
		TEST(a_replay_refuses_what_it_cannot_do_in_words),
		TEST(a_replay_tells_what_differs_and_what_has_no_record),
		TEST(events_arrive_in_the_stream_as_they_happen),
		TEST(a_sleeping_stream_sees_events_and_does_not_stop_the_end),
		TEST(words_that_are_no_text_reach_units_and_events),
		TEST(a_problem_quotes_what_is_no_text),
		TEST(plain_http_off_loopback_must_be_asked_for),
		TEST(its_own_metrics_are_open_on_loopback),
		TEST(its_metrics_have_the_pauses_of_agents),
		TEST(what_is_not_there_is_a_503_and_not_a_crash),
		TEST(the_document_describes_every_route),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("api", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
