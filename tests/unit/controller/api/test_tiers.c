/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiers that are changed, and backtests and replays of them that are refused or told. */
#include "served_fixture.h"

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

	fixture_put_tier(f);
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

	fixture_put_tier(f);
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

static void a_backtest_needs_history_and_a_capacity(void **state)
{
	const struct fixture *f = *state;
	struct call c = { .method = "POST",
			  .path = "/v1/tiers/shop/web/backtest",
			  .token = f->admin };

	fixture_put_tier(f);
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

	fixture_put_tier(f);
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

	fixture_put_tier(f);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tier_is_changed_within_its_ranges),
		TEST(a_tier_that_somebody_changed_meanwhile_is_not_changed),
		TEST(a_backtest_needs_history_and_a_capacity),
		TEST(a_replay_refuses_what_it_cannot_do_in_words),
		TEST(a_replay_tells_what_differs_and_what_has_no_record),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("api_tiers", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
