/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Backtests and what is promoted by them, over HTTP; the thread that plays them, too. */
#include "api_fixture.h"

#include <math.h>
#include <pthread.h>

#define MINUTE_MS (60 * 1000LL)
#define DAYS 4
#define TIER "/v1/tiers/shop/web"

/* A tier in mode observe, whose demand is a daily wave. */
static void put_tier(const struct fixture *f)
{
	char name[] = "shop", tier[] = "web", unit[] = "web@.service", empty[] = "{}";
	struct db_stack s = { .name = name, .text_json = empty };
	struct db_tier t = { .stack = name,
			     .name = tier,
			     .unit = unit,
			     .min = 1,
			     .max = 40,
			     .desired = -1,
			     .capacity = 10,
			     .lead_prior_ms = 3 * MINUTE_MS,
			     .risk_ratio = 0.005 };
	struct err e;

	assert_ok(db_stack_put(f->db, &s, -1, NULL, &e), &e);
	assert_ok(db_tier_put(f->db, &t, &e), &e);
}

static void tell(const struct fixture *f, int days)
{
	CLEANUP(buf_done) struct buf text;
	const int64_t from = clock_now_ms() / MINUTE_MS - days * 1440LL;

	buf_init(&text, 8 << 20);
	buf_printf(&text, "timestamp,value\n");
	for (int64_t i = 0; i < days * 1440LL; i++)
		buf_printf(&text, "%lld,%.2f\n", (long long)(from + i) * 60,
			   120 + 100 * sin((double)i / 1440 * 2 * M_PI) +
				   10 * sin((double)i * 12.9898));
	assert_int_equal(fixture_status(f, CALL(.method = "POST", .path = TIER "/history",
						.token = f->admin, .type = "text/csv",
						.body = buf_str(&text))),
			 200);
}

static int setup(void **state)
{
	struct fixture *f = fixture_new();
	const struct api_hooks hooks = { .arg = f };

	fixture_open(f, &hooks, "");
	put_tier(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static json_t *get(const struct fixture *f, const char *path)
{
	json_t *doc;

	assert_int_equal(fixture_json(f, CALL(.path = path, .token = f->viewer), &doc),
			 200);
	return doc;
}

static long promote(const struct fixture *f, const char *body, json_t **ret)
{
	return fixture_json(f,
			    CALL(.method = "POST", .path = TIER "/promote",
				 .token = f->admin, .body = body),
			    ret);
}

static const char *mode(const struct fixture *f, char text[16])
{
	CLEANUP(json_decref) json_t *tier = get(f, TIER);

	snprintf(text, 16, "%s", json_string_value(json_object_get(tier, "mode")));
	return text;
}

static void a_backtest_is_kept_and_shown_with_its_verdict(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *before = get(f, TIER "/backtest");
	CLEANUP(json_decref) json_t *made = NULL;
	CLEANUP(json_decref) json_t *tier = NULL;

	assert_true(json_is_null(json_object_get(before, "backtest")));
	assert_true(json_is_null(json_object_get(before, "progress")));
	tell(f, DAYS);
	assert_int_equal(fixture_json(f,
				      CALL(.method = "POST", .path = TIER "/backtest",
					   .token = f->admin),
				      &made),
			 200);
	assert_true(json_is_true(
		json_object_get(json_object_get(made, "verdict"), "promote")));
	tier = get(f, TIER);
	assert_true(json_equal(json_object_get(tier, "backtest"), made));
}

static void what_was_earned_changes_the_mode(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *dry = NULL;
	CLEANUP(json_decref) json_t *done = NULL;
	CLEANUP(json_decref) json_t *refused = NULL;
	char text[16];

	tell(f, DAYS);
	assert_int_equal(promote(f, "{\"dry_run\":true}", &dry), 200);
	assert_false(json_is_true(json_object_get(dry, "applied")));
	assert_string_equal(mode(f, text), "observe");
	assert_int_equal(promote(f, NULL, &done), 200);
	assert_true(json_is_true(json_object_get(done, "applied")));
	assert_string_equal(mode(f, text), "out");
	assert_int_equal(promote(f, "{}", &refused), 409); /* auto wants a week */
	assert_string_equal(mode(f, text), "out");
}

static void without_history_only_force_promotes(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *refused = NULL;
	CLEANUP(json_decref) json_t *forced = NULL;
	char text[16];

	assert_int_equal(promote(f, "{}", &refused), 409);
	assert_non_null(strstr(json_string_value(json_object_get(refused, "detail")),
			       "no history"));
	assert_int_equal(promote(f, "{\"force\":true,\"to\":\"auto\"}", &forced), 200);
	assert_true(json_is_true(json_object_get(forced, "forced")));
	assert_string_equal(mode(f, text), "auto");
}

static void too_few_minutes_are_said_after_the_fact(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *told = NULL;
	CLEANUP(json_decref) json_t *refused = NULL;

	assert_int_equal(fixture_json(f,
				      CALL(.method = "POST", .path = TIER "/history",
					   .token = f->admin,
					   .body = "{\"points\":[[1750000000,5]]}"),
				      &told),
			 200);
	assert_int_equal(
		fixture_status(f, CALL(.method = "POST", .path = TIER "/backtest",
				       .token = f->admin)),
		400);
	assert_int_equal(promote(f, "{}", &refused), 409);
	assert_non_null(
		strstr(json_string_value(json_object_get(refused, "detail")), "too few"));
}

static void *ask(void *arg)
{
	const struct fixture *f = arg;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	CLEANUP(free)
	char *url = xasprintf("http://127.0.0.1:%u" TIER "/backtest", api_port(f->api));
	const struct http_req req = { .method = "POST",
				      .url = url,
				      .token = f->admin,
				      .max_answer_bytes = 1 << 20,
				      .timeout_ms = 60000 };
	struct err e;

	/* The end of the API may come before the answer. */
	(void)!http_exchange(&req, &res, &e);
	return NULL;
}

static void the_end_waits_for_a_backtest_that_runs(void **state)
{
	struct fixture *f = *state;
	pthread_t asking;
	bool runs = false;

	tell(f, 14);
	assert_int_equal(pthread_create(&asking, NULL, ask, f), 0);
	while (!runs) {
		CLEANUP(json_decref) json_t *doc = get(f, TIER "/backtest");

		runs = json_is_number(json_object_get(doc, "progress")) ||
		       json_is_object(json_object_get(doc, "backtest"));
	}
	assert_int_equal(fixture_status(f, CALL(.path = "/healthz")), 200);
	api_close(f->api);
	f->api = NULL;
	pthread_join(asking, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_backtest_is_kept_and_shown_with_its_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_earned_changes_the_mode, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_history_only_force_promotes,
						setup, teardown),
		cmocka_unit_test_setup_teardown(too_few_minutes_are_said_after_the_fact,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_end_waits_for_a_backtest_that_runs,
						setup, teardown),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("api_promote", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
