/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may do what: roles, and tokens from the first to the last. */
#include "served_fixture.h"

#include "auth.h"
#include "routes.h"

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

static void too_many_invalid_tokens_refuse_no_valid_one(void **state)
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
		fixture_call(f, CALL(.path = "/v1/status", .token = "ft_no"), &res), 429);
	assert_true(http_res_header(&res, "Retry-After", wait, sizeof(wait)));
	assert_int_equal(fixture_status(f, CALL(.path = "/v1/status", .token = f->admin)),
			 200);
	assert_int_equal(
		fixture_status(f, CALL(.path = "/v1/status", .token = f->viewer)), 200);
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

/* One that ends would lock everybody out when it does. */
static void an_admin_token_that_expires_is_no_reason_to_lose_the_last(void **state)
{
	const struct fixture *f = *state;
	const struct call revoke = { .method = "DELETE",
				     .path = "/v1/tokens/1",
				     .token = f->admin };

	assert_int_equal(
		fixture_status(f, CALL(.method = "POST", .path = "/v1/tokens",
				       .token = f->admin,
				       .body = "{\"name\":\"brief\",\"role\":\"admin\","
					       "\"for\":\"1h\"}")),
		201);
	assert_int_equal(fixture_status(f, &revoke), 409);
	assert_int_equal(
		fixture_status(
			f, CALL(.method = "POST", .path = "/v1/tokens", .token = f->admin,
				.body = "{\"name\":\"other\",\"role\":\"admin\"}")),
		201);
	/* Its own: with a warning. */
	assert_int_equal(fixture_status(f, &revoke), 200);
	assert_int_equal(fixture_status(f, &revoke), 401);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_route_but_the_open_ones_answers_without_a_token),
		TEST(each_role_does_what_is_below_it_and_no_more),
		TEST(too_many_invalid_tokens_refuse_no_valid_one),
		TEST(a_revoked_token_is_worth_nothing_at_once),
		TEST(the_secret_of_a_token_is_shown_once),
		TEST(the_last_admin_token_cannot_be_revoked),
		TEST(an_admin_token_that_expires_is_no_reason_to_lose_the_last),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("api_tokens", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
