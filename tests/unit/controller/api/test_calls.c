/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What calls of any resource have: bodies within bounds, dry runs, ETags, pages, keys
 * by which a call that is repeated happens once. */
#include "served_fixture.h"

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

/* Each takes a hundred bytes and more, however short its text. */
static void bodies_of_too_many_values_are_refused(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(buf_done) struct buf b;
	CLEANUP(json_decref) json_t *doc = NULL;

	buf_init(&b, 4 << 20);
	buf_puts(&b, "{\"files\":[");
	for (int i = 0; i < 300000; i++)
		buf_puts(&b, "[],");
	buf_puts(&b, "[]]}");
	assert_int_equal(fixture_json(f,
				      CALL(.method = "PUT", .path = "/v1/stacks/a",
					   .token = f->admin, .body = buf_str(&b)),
				      &doc),
			 413);
	assert_non_null(
		strstr(json_string_value(json_object_get(doc, "detail")), "values"));
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

static void lead_times_come_in_pages_newest_first(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(free) char *path = xstrdup("/v1/tiers/shop/web/leads?limit=3");
	struct err e;
	json_int_t last = 1000;
	size_t n = 0;

	fixture_put_tier(f);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bodies_that_are_wrong_name_what_is_wrong),
		TEST(bodies_that_are_too_large_are_refused),
		TEST(bodies_of_too_many_values_are_refused),
		TEST(dry_run_changes_nothing),
		TEST(an_unchanged_answer_is_304),
		TEST(pages_give_everything_once_and_in_order),
		TEST(lead_times_come_in_pages_newest_first),
		TEST(limits_that_are_wrong_are_refused),
		TEST(a_post_with_a_key_happens_once),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("api_calls", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
