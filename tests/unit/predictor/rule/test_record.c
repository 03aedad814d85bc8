/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "buf.h"
#include "check.h"
#include "record.h"
#include "text.h"

#include <float.h>
#include <string.h>

#define NOW_MS INT64_C(1790000000000)

static uint32_t seed;

static uint32_t pick(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static double some_number(void)
{
	static const double odd[] = { NAN,  INFINITY,     -INFINITY, 0,  -0.0,   0.1,
				      1e15, DBL_TRUE_MIN, DBL_MAX,   -3, DBL_MIN };

	return pick(3) ? pick(1000000) / 977.0 : odd[pick(ARRAY_SIZE(odd))];
}

static const char *some_text(void)
{
	static const char *const texts[] = { NULL, "", "seasonal", "\"\\\n\t\x01",
					     "Bj\xc3\xb6rn \xe2\x82\xac" };

	return texts[pick(ARRAY_SIZE(texts))];
}

static int64_t some_count(void)
{
	return (int64_t)pick(12) - 1;
}

static struct decide_events some_events(void)
{
	struct decide_events e = { .n = pick(DECIDE_EVENTS_MAX + 1),
				   .unknown = some_text(),
				   .uplift = some_number(),
				   .learned_from = pick(4) };

	for (size_t i = 0; i < e.n; i++)
		e.names[i] = i ? "sale" : "Bj\xc3\xb6rn's day";
	return e;
}

static struct decide_input some_input(void)
{
	return (struct decide_input){
		.stack = "shop",
		.tier = "web",
		.now_ms = NOW_MS + pick(1000),
		.mode = (enum decide_mode)pick(3),
		.min = some_count(),
		.max = some_count(),
		.capacity = some_number(),
		.capacity_source = some_text(),
		.capacity_note = some_text(),
		.unit = some_text(),
		.risk = some_number(),
		.price = some_number(),
		.target_utilisation = some_number(),
		.step_out_max = some_count(),
		.step_in_max = some_count(),
		.dwell_ms = pick(3) * 300000,
		.action_price = some_number(),
		.stateful = pick(2),
		.lead_ms = pick(600000),
		.is_lead_prior = pick(2),
		.running = some_count(),
		.starting = some_count(),
		.desired = some_count(),
		.desired_since_ms = pick(2) ? NOW_MS - pick(999999) : 0,
		.demand = some_number(),
		.demand_sure = some_number(),
		.demand_at_ms = NOW_MS - pick(100000),
		.stale_after_ms = pick(100000),
		.ending = some_count(),
		.distrust = some_text(),
		.missing = some_text(),
		.forecast_mid = some_number(),
		.forecast_high = some_number(),
		.out_gain = some_number(),
		.again_near = some_number(),
		.again_far = some_number(),
		.outlook_ms = pick(3) * 600000,
		.forecast_at_ms = NOW_MS - pick(100000),
		.fallback_level = some_text(),
		.fallback_reason = some_text(),
		.events = some_events(),
		.events_far = some_events(),
		.floor = some_count(),
		.floor_name = "office",
		.ceiling = some_count(),
		.ceiling_name = "night",
		.budget = some_count(),
		.budget_name = some_text(),
		.budget_note = some_text(),
		.waiting = some_count(),
		.takes_from = some_text(),
		.yields_to = some_text(),
		.hold_owner = pick(4) ? NULL : some_text(),
		.hold_reason = some_text(),
		.hold_until_ms = pick(2) ? NOW_MS + pick(999999) : 0,
	};
}

static struct decide_state some_state(void)
{
	struct decide_state s = { 0 };
	size_t n = pick(2 * DECIDE_WINDOW_MAX);

	for (size_t i = 0; i < n; i++)
		decide_window_note(&s.needed, NOW_MS - 1000 * (int64_t)(n - i),
				   (int64_t)(n - i) / 3 + pick(4));
	s.in_since_ms = pick(2) ? NOW_MS - pick(600000) : 0;
	s.in_count = pick(3);
	return s;
}

static struct record *read_back(const char *text)
{
	struct record *r = NULL;
	struct err err;

	assert_non_null(text);
	assert_ok(record_read(text, &r, &err), &err);
	return r;
}

static void assert_same_plan(const struct decide_input *in,
			     const struct decide_state *before, struct record *r)
{
	struct decide_state state = *before;
	struct decide_plan p, q;
	CLEANUP(json_decref) json_t *explained = NULL;
	CLEANUP(json_decref) json_t *repeated = NULL;
	CLEANUP(free) char *text = NULL;
	CLEANUP(free) char *again = NULL;

	decide(in, &state, &p);
	decide(&r->in, &r->state, &q);
	assert_int_equal(p.from, q.from);
	assert_int_equal(p.desired, q.desired);
	assert_int_equal(p.cause, q.cause);
	assert_int_equal(p.binding, q.binding);
	assert_string_equal(p.sentence, q.sentence);
	explained = decide_explain(in, &p);
	repeated = decide_explain(&r->in, &q);
	text = json_dumps(explained, JSON_COMPACT);
	again = json_dumps(repeated, JSON_COMPACT);
	assert_string_equal(text, again);
}

/* Those of the economics, bit by bit. */
static void assert_same_members(const struct decide_input *a,
				const struct decide_input *b)
{
	const double x[] = { a->demand_sure, a->action_price, a->out_gain, a->again_near,
			     a->again_far };
	const double y[] = { b->demand_sure, b->action_price, b->out_gain, b->again_near,
			     b->again_far };

	for (size_t i = 0; i < ARRAY_SIZE(x); i++)
		assert_true(isnan(x[i]) ? isnan(y[i])
					: memcmp(&x[i], &y[i], sizeof(double)) == 0);
	assert_int_equal(a->ending, b->ending);
	assert_int_equal(a->outlook_ms, b->outlook_ms);
	assert_int_equal(a->events_far.n, b->events_far.n);
}

static void any_input_and_state_decide_from_the_record_as_they_did(void **state)
{
	(void)state;
	for (seed = 1; seed < 200000; seed += 97) {
		uint32_t began = seed;
		struct decide_input in = some_input();
		struct decide_state before = some_state();
		CLEANUP(free) char *text = record_write(&in, &before);
		CLEANUP(record_free) struct record *r = read_back(text);
		CLEANUP(free) char *again = record_write(&r->in, &r->state);

		assert_string_equal(text, again);
		assert_string_equal(r->version, FORETIDE_VERSION);
		assert_same_members(&in, &r->in);
		assert_int_equal(r->state.needed.n, before.needed.n);
		assert_same_plan(&in, &before, r);
		seed = began;
	}
}

static void numbers_come_back_bit_by_bit(void **state)
{
	static const double odd[] = { 0.1,     1.0 / 3, -0.0,         0, DBL_TRUE_MIN,
				      DBL_MAX, 1e300,   41.2 - 1e-13, 5, -INFINITY };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct decide_input in = { .stack = "s", .tier = "t", .demand = odd[i] };
		struct decide_state none = { 0 };
		CLEANUP(free) char *text = record_write(&in, &none);
		CLEANUP(record_free) struct record *r = read_back(text);

		assert_memory_equal(&r->in.demand, &odd[i], sizeof(double));
	}
}

static struct decide_input plain_input(void)
{
	return (struct decide_input){
		.stack = "shop",
		.tier = "web",
		.now_ms = NOW_MS,
		.mode = DECIDE_AUTO,
		.min = 2,
		.max = 40,
		.capacity = 15,
		.unit = "/s",
		.risk = 0.005,
		.step_in_max = 1,
		.dwell_ms = 600000,
		.action_price = 8,
		.lead_ms = 183412,
		.running = 4,
		.desired = 4,
		.desired_since_ms = NOW_MS - 1234567,
		.demand = 41.233333333333334,
		.demand_sure = 40.333333333333336,
		.demand_at_ms = NOW_MS - 4321,
		.stale_after_ms = 90000,
		.ending = -1,
		.forecast_mid = 44.123456789012345,
		.forecast_high = 52.123456789012345,
		.out_gain = 0.12345678901234568,
		.again_near = 46.123456789012345,
		.again_far = 58.123456789012345,
		.outlook_ms = 1200000,
		.forecast_at_ms = NOW_MS - 14321,
		.fallback_level = "full",
		.fallback_reason = "a week of history, and better than the seasonal rule",
		.floor = -1,
		.ceiling = -1,
		.budget = -1,
	};
}

static void a_typical_record_takes_less_than_a_kilobyte(void **state)
{
	struct decide_input in = plain_input();
	struct decide_state s = { 0 };
	CLEANUP(free) char *text = NULL;

	(void)state;
	for (int i = 60; i > 0; i--)
		decide_window_note(&s.needed, NOW_MS - i * 10000, 3 + i % 2 + i / 20);
	text = record_write(&in, &s);
	print_message("a record of %zu bytes: %s\n", strlen(text), text);
	assert_in_range(strlen(text), 300, 1000);
}

static void a_string_that_is_no_text_is_decided_as_it_is_recorded(void **state)
{
	struct decide_input in = plain_input();
	struct decide_state s = { 0 };
	CLEANUP(record_free) struct record *r = NULL;
	CLEANUP(free) char *text = NULL;

	(void)state;
	in.distrust = "unit \xff\xfe is silent";
	text = record_write(&in, &s);
	r = read_back(text);
	assert_string_equal(r->in.distrust, "unit ?? is silent");
	assert_same_plan(&in, &s, r);
}

#define HEAD "{\"v\":2,\"by\":\"0.1.0\",\"in\":{\"stack\":\"s\",\"tier\":\"t\",\"mode\":2"
#define TAIL "},\"state\":{\"needed\":[0,0],\"in_since\":0,\"in_count\":0}}"

static void a_wrong_record_is_refused_in_words(void **state)
{
	static const struct {
		const char *text, *words;
	} wrong[] = {
		{ "", "not JSON" },
		{ "[]", "object" },
		{ "{}", "\"v\" is missing" },
		{ "{\"v\":3,\"by\":\"9\",\"in\":{},\"state\":{}}", "version 3" },
		{ "{\"v\":1,\"by\":\"9\",\"in\":{},\"state\":{}}", "version 1" },
		{ "{\"v\":2,\"in\":{},\"state\":{}}", "\"by\" is missing" },
		{ "{\"v\":2,\"by\":\"0123456789012345678901234567890123\",\"in\":{}}",
		  "not a version" },
		{ "{\"v\":2,\"by\":\"0\"}", "object" },
		{ "{\"v\":2,\"by\":\"0\",\"in\":{},\"state\":{}}", "\"stack\"" },
		{ HEAD ",\"min\":\"3\"" TAIL, "\"min\" must be an integer" },
		{ HEAD ",\"min\":9223372036854775807" TAIL, "\"min\"" },
		{ HEAD ",\"demand\":\"many\"" TAIL, "\"demand\" must be a number" },
		{ HEAD ",\"stateful\":1" TAIL, "\"stateful\" must be true or false" },
		{ HEAD ",\"unit\":7" TAIL, "\"unit\" must be a string" },
		{ HEAD ",\"events.n\":5" TAIL, "5 events, at most 4" },
		{ HEAD ",\"events.n\":-1" TAIL, "\"events.n\" must not be negative" },
		{ HEAD ",\"events.n\":1" TAIL, "event 0 has no name" },
		{ HEAD ",\"colour\":7" TAIL, "unknown member \"colour\"" },
		{ "{\"v\":2,\"by\":\"0\",\"in\":{\"stack\":\"s\",\"tier\":\"t\","
		  "\"mode\":3" TAIL,
		  "no mode 3" },
		{ "{\"v\":2,\"by\":\"0\",\"in\":{\"stack\":\"s\",\"tier\":\"t\"" TAIL,
		  "no mode -1" },
		{ HEAD "}}", "\"needed\"" },
		{ HEAD "},\"state\":{\"needed\":[0,0,1]}}", "\"needed\"" },
		{ HEAD "},\"state\":{\"needed\":[0,0,1,\"x\"]}}",
		  "\"needed\" must be integers" },
		{ HEAD "},\"state\":{\"needed\":[0,0],\"upper\":[0,0]}}",
		  "unknown member \"upper\"" },
		{ HEAD ",\"forecast_high_dwell\":7" TAIL,
		  "unknown member \"forecast_high_dwell\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct record *r = NULL;
		struct err err = { 0 };

		assert_int_equal(record_read(wrong[i].text, &r, &err), ERR_INVAL);
		assert_null(r);
		if (!strstr(err.msg, wrong[i].words))
			fail_msg("'%s' has no '%s'", err.msg, wrong[i].words);
	}
	record_free(read_back(HEAD TAIL));
}

static void a_window_never_holds_more_than_it_can(void **state)
{
	CLEANUP(buf_done) struct buf b;
	struct record *r = NULL;
	struct err err;

	(void)state;
	buf_init(&b, 1 << 16);
	buf_puts(&b, HEAD "},\"state\":{\"needed\":[0,0");
	for (int i = 0; i <= DECIDE_WINDOW_MAX; i++)
		buf_puts(&b, ",1,1");
	buf_puts(&b, "]}}");
	assert_int_equal(record_read(buf_str(&b), &r, &err), ERR_INVAL);
}

/* Cut at any place it is refused; with any byte another it is refused or decided. */
static void a_damaged_record_is_refused_or_decided_but_never_harms(void **state)
{
	struct decide_input in = plain_input();
	struct decide_state s = some_state();
	CLEANUP(free) char *text = record_write(&in, &s);
	size_t refused = 0, len = strlen(text);
	struct err err;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		CLEANUP(free) char *cut = xstrndup(text, i);
		struct record *r = NULL;

		assert_int_equal(record_read(cut, &r, &err), ERR_INVAL);
	}
	for (size_t i = 0; i < len * 16; i++) {
		CLEANUP(record_free) struct record *r = NULL;
		char before = text[i / 16];
		struct decide_plan p;

		text[i / 16] = "09-e.\"{}[],:\x01\xff xt"[i % 16];
		if (record_read(text, &r, &err) < 0)
			refused++;
		else
			decide(&r->in, &r->state, &p);
		text[i / 16] = before;
	}
	assert_true(refused > len * 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_input_and_state_decide_from_the_record_as_they_did),
		cmocka_unit_test(numbers_come_back_bit_by_bit),
		cmocka_unit_test(a_typical_record_takes_less_than_a_kilobyte),
		cmocka_unit_test(a_string_that_is_no_text_is_decided_as_it_is_recorded),
		cmocka_unit_test(a_wrong_record_is_refused_in_words),
		cmocka_unit_test(a_window_never_holds_more_than_it_can),
		cmocka_unit_test(a_damaged_record_is_refused_or_decided_but_never_harms),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
