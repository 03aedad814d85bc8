/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Backtests and what is promoted by them, over HTTP; the thread that plays them, too. */
#include "api_fixture.h"

#include "policy.h"

#include <math.h>
#include <pthread.h>

#define MINUTE_MS (60 * 1000LL)
#define DAYS 4
#define LEARNED                                                                    \
	"{\"capacity\":8.5,\"capacity_learned\":{\"used\":\"learned\"},\"lead\":{" \
	"\"used_ms\":90000},\"follows\":{\"tier\":\"lb\"}}"
#define TIER "/v1/tiers/shop/web"

/* A tier in mode observe, whose demand is a daily wave. capacity: its line, or "". */
static void put_tier(const struct fixture *f, const char *capacity)
{
	CLEANUP(free)
	char *conf =
		xasprintf("[stack]\nname = shop\n[pool web]\ndriver = fake\nmax = 40\n"
			  "[tier web]\nunit = web@.service\nmin = 1\nmax = 40\n"
			  "mode = observe\nlead_prior = 3m\n%s",
			  capacity);
	CLEANUP(json_decref)
	json_t *body =
		json_pack("{s:{s:s, s:s}}", "files", "stack.conf", conf,
			  "units/web@.service", "[Service]\nExecStart=/bin/true\n");
	CLEANUP(free) char *text = json_dumps(body, 0);

	assert_int_equal(
		fixture_status(f, CALL(.method = "PUT", .path = "/v1/stacks/shop",
				       .token = f->admin, .body = text)),
		200);
}

/* From 0 to 1, and as if by chance. */
static double noise(int64_t i)
{
	const double x = 43758.5453 * sin((double)i * 12.9898);

	return x - floor(x);
}

static void tell(const struct fixture *f, int days)
{
	CLEANUP(buf_done) struct buf text;
	const int64_t from = clock_now_ms() / MINUTE_MS - days * 1440LL;

	buf_init(&text, 8 << 20);
	buf_printf(&text, "timestamp,value\n");
	for (int64_t i = 0; i < days * 1440LL; i++)
		buf_printf(&text, "%lld,%.2f\n", (long long)(from + i) * 60,
			   120 + 100 * sin((double)i / 1440 * 2 * M_PI) + 20 * noise(i));
	assert_int_equal(fixture_status(f, CALL(.method = "POST", .path = TIER "/history",
						.token = f->admin, .type = "text/csv",
						.body = buf_str(&text))),
			 200);
}

/* What a round says of a tier whose capacity it has learned. */
static json_t *learned_live(void *arg, const char *stack, const char *tier)
{
	(void)arg;
	(void)stack;
	(void)tier;
	return json_loads(LEARNED, 0, NULL);
}

static int open_with(void **state, const char *capacity, bool is_learned)
{
	struct fixture *f = fixture_new();
	const struct api_hooks hooks = { .arg = f,
					 .tier_live = is_learned ? learned_live : NULL };

	fixture_open(f, &hooks, "");
	put_tier(f, capacity);
	*state = f;
	return 0;
}

static int setup(void **state)
{
	return open_with(state, "capacity = 10\n", false);
}

static int setup_learned(void **state)
{
	return open_with(state, "", true);
}

static int setup_unknown(void **state)
{
	return open_with(state, "", false);
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

static double action_price(const json_t *backtest)
{
	return json_number_value(json_object_get(backtest, "action_price"));
}

static json_int_t actions_of_ours(const json_t *backtest)
{
	const json_t *row = json_array_get(json_object_get(backtest, "policies"), 0);

	return json_integer_value(json_object_get(row, "actions"));
}

static void a_dearer_action_is_taken_less_often(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *made = NULL;
	CLEANUP(json_decref) json_t *dear = NULL;
	struct call c = { .method = "POST",
			  .path = TIER "/backtest",
			  .token = f->admin,
			  .body = "{\"mode\":\"auto\"}" };

	tell(f, DAYS);
	assert_int_equal(fixture_json(f, &c, &made), 200);
	assert_close(action_price(made), POLICY_ACTION_PRICE, 1e-12);
	assert_int_equal(json_integer_value(json_object_get(made, "dwell_ms")),
			 POLICY_DWELL_MS);
	c.body = "{\"action_price\":200,\"dwell\":\"5m\",\"mode\":\"auto\"}";
	assert_int_equal(fixture_json(f, &c, &dear), 200);
	assert_close(action_price(dear), 200, 1e-12);
	assert_int_equal(json_integer_value(json_object_get(dear, "dwell_ms")), 300000);
	assert_true(actions_of_ours(dear) < actions_of_ours(made));
	/* It is of other settings than the tier's. */
	assert_false(json_is_true(
		json_object_get(json_object_get(dear, "verdict"), "promote")));
	c.body = "{\"action_price\":-1}";
	assert_int_equal(fixture_status(f, &c), 400);
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

static json_t *post(const struct fixture *f, const char *what, const char *body)
{
	CLEANUP(free) char *path = xasprintf(TIER "/%s", what);
	json_t *doc;

	assert_int_equal(fixture_json(f,
				      CALL(.method = "POST", .path = path,
					   .token = f->admin, .body = body),
				      &doc),
			 200);
	return doc;
}

static void assert_capacity(const json_t *o, double value, const char *source)
{
	assert_close(json_number_value(json_object_get(o, "capacity")), value, 1e-9);
	assert_string_equal(json_string_value(json_object_get(o, "capacity_source")),
			    source);
}

static void a_learned_capacity_is_played_and_said(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *made = NULL;
	CLEANUP(json_decref) json_t *given = NULL;
	CLEANUP(json_decref) json_t *replayed = NULL;
	CLEANUP(json_decref) json_t *other = NULL;
	CLEANUP(json_decref) json_t *done = NULL;

	tell(f, DAYS);
	made = post(f, "backtest", NULL);
	assert_capacity(made, 8.5, "learned");
	assert_int_equal(json_integer_value(json_object_get(made, "boot_ms")), 90000);
	/* Its own forecast is played, and the one that the controller's follows is named.
	 */
	assert_string_equal(json_string_value(json_object_get(made, "follows")), "lb");
	given = post(f, "backtest", "{\"capacity\":20}");
	assert_capacity(given, 20, "given");
	replayed = post(f, "replay", "{\"since\":\"3h\",\"with\":{\"max\":30}}");
	assert_capacity(json_object_get(replayed, "played"), 8.5, "learned");
	other = post(f, "replay", "{\"since\":\"3h\",\"with\":{\"capacity\":20}}");
	assert_capacity(json_object_get(other, "played"), 8.5, "learned");
	done = post(f, "promote", NULL);
	assert_capacity(json_object_get(done, "backtest"), 8.5, "learned");
	assert_true(json_is_true(json_object_get(done, "applied")));
}

static void a_replay_without_any_capacity_goes_by_the_other_settings(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(json_decref) json_t *doc = NULL;

	tell(f, DAYS);
	assert_int_equal(fixture_status(f, CALL(.method = "POST", .path = TIER "/replay",
						.token = f->admin,
						.body = "{\"with\":{\"max\":30}}")),
			 409);
	doc = post(f, "replay", "{\"since\":\"3h\",\"with\":{\"capacity\":20}}");
	assert_capacity(json_object_get(doc, "played"), 20, "other");
}

struct asking {
	const struct fixture *f;
	const char *what, *body;
};

static void *ask(void *arg)
{
	const struct asking *a = arg;
	const struct fixture *f = a->f;
	CLEANUP(http_res_done) struct http_res res = { .status = 0 };
	CLEANUP(free)
	char *url =
		xasprintf("http://127.0.0.1:%u" TIER "/%s", api_port(f->api), a->what);
	const char *headers[] = { "Content-Type: application/json", NULL };
	const struct http_req req = { .method = "POST",
				      .url = url,
				      .headers = headers,
				      .body = a->body,
				      .body_len = strlen(a->body),
				      .token = f->admin,
				      .max_answer_bytes = 1 << 20,
				      .timeout_ms = PATIENCE_MS };
	struct err e;

	/* The end of the API may come before the answer. */
	(void)!http_exchange(&req, &res, &e);
	return NULL;
}

static bool runs(const struct fixture *f, const char *what)
{
	CLEANUP(free) char *path = xasprintf(TIER "/%s", what);
	CLEANUP(json_decref) json_t *doc = get(f, path);

	return json_is_number(json_object_get(doc, "progress"));
}

static void await_run(const struct fixture *f, const char *what)
{
	const int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (!runs(f, what))
		assert_true(clock_mono_ms() < until);
}

/* Whoever asked for it may have given up: a sanitizer makes it slow. */
static void await_end(const struct fixture *f, const char *what)
{
	const int64_t until = clock_mono_ms() + 10 * PATIENCE_MS;

	while (runs(f, what)) {
		assert_true(clock_mono_ms() < until);
		usleep(10000);
	}
}

/* what: of so many days that it still runs when it is first looked at. */
static void end_while_it_runs(struct fixture *f, int days, const char *what,
			      const char *body)
{
	struct asking a = { .f = f, .what = what, .body = body };
	pthread_t asking;

	tell(f, days);
	assert_int_equal(pthread_create(&asking, NULL, ask, &a), 0);
	await_run(f, what);
	assert_int_equal(fixture_status(f, CALL(.path = "/healthz")), 200);
	api_close(f->api);
	f->api = NULL;
	pthread_join(asking, NULL);
}

static void the_end_waits_for_a_backtest_that_runs(void **state)
{
	end_while_it_runs(*state, 21, "backtest", "{}");
}

static void the_end_waits_for_a_replay_that_runs(void **state)
{
	end_while_it_runs(*state, 5, "replay",
			  "{\"since\":\"4d\",\"with\":{\"max\":30}}");
}

static void one_runs_at_a_time_whatever_it_is(void **state)
{
	const struct fixture *f = *state;
	struct asking a = { .f = f,
			    .what = "replay",
			    .body = "{\"since\":\"4d\",\"with\":{\"max\":30}}" };
	CLEANUP(json_decref) json_t *refused = NULL;
	pthread_t asking;

	tell(f, 5);
	assert_int_equal(pthread_create(&asking, NULL, ask, &a), 0);
	await_run(f, "replay");
	assert_false(runs(f, "backtest"));
	assert_int_equal(fixture_json(f,
				      CALL(.method = "POST", .path = TIER "/backtest",
					   .token = f->admin),
				      &refused),
			 503);
	assert_non_null(strstr(json_string_value(json_object_get(refused, "detail")),
			       "a replay of shop/web is running"));
	pthread_join(asking, NULL);
	await_end(f, "replay");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_backtest_is_kept_and_shown_with_its_verdict, setup, teardown),
		cmocka_unit_test_setup_teardown(a_dearer_action_is_taken_less_often,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_earned_changes_the_mode, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_history_only_force_promotes,
						setup, teardown),
		cmocka_unit_test_setup_teardown(too_few_minutes_are_said_after_the_fact,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_learned_capacity_is_played_and_said,
						setup_learned, teardown),
		cmocka_unit_test_setup_teardown(
			a_replay_without_any_capacity_goes_by_the_other_settings,
			setup_unknown, teardown),
		cmocka_unit_test_setup_teardown(one_runs_at_a_time_whatever_it_is, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_end_waits_for_a_backtest_that_runs,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_end_waits_for_a_replay_that_runs,
						setup, teardown),
	};
	int rc;

	curl_global_init(CURL_GLOBAL_ALL);
	rc = cmocka_run_group_tests_name("api_promote", tests, NULL, NULL);
	curl_global_cleanup();
	return rc;
}
