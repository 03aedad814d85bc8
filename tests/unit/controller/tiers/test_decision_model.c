/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"

#include "decision_model.h"
#include "promise.h"
#include "text.h"

#define MINUTE_MS INT64_C(60000)
#define NOW_MS (INT64_C(20000) * 86400000) /* midnight, UTC */
#define DAY_MINUTES 1440

static struct db_tier tier_of(double capacity)
{
	return (struct db_tier){
		.stack = (char *)(uintptr_t) "shop",
		.name = (char *)(uintptr_t) "web",
		.capacity = capacity,
		.risk_ratio = 0.02,
		.max = -1,
		.dwell_ms = 15 * MINUTE_MS,
	};
}

/* n minutes of a steady demand, up to the time. */
static void record(struct fixture *f, int64_t until_ms, size_t n, double v)
{
	CLEANUP(free) double *y = xcalloc(n, sizeof(*y));
	size_t added;

	for (size_t i = 0; i < n; i++)
		y[i] = v;
	assert_ok(db_demand_import(f->db, "shop", "web",
				   until_ms - (int64_t)n * MINUTE_MS, y, n, until_ms,
				   &added, &f->e),
		  &f->e);
}

struct answer {
	struct tier_forecast f;
	struct decide_input in; /* its forecast, when that is known */
};

static int64_t needed(const struct answer *a)
{
	return a->in.forecast_need;
}

static struct answer ask_for(struct tier_model *m, struct tier_round *r,
			     const struct db_tier *t, struct err *e)
{
	const struct tier_view v = { .tier = t, .lead_ms = 3 * MINUTE_MS, .served = -1 };
	struct answer ret = { .in = { .capacity = t->capacity, .running = 1 } };

	assert_ok(tier_model_update(m, r, &v, &ret.f, e), e);
	if (ret.f.known)
		tier_model_fill(m, NULL, &ret.in, &ret.f);
	return ret;
}

static struct answer ask(struct fixture *f, struct tier_model *m, double capacity,
			 int64_t now_ms)
{
	const struct db_tier t = tier_of(capacity);
	struct tier_round r;

	tier_round_begin(&r, f->db, now_ms);
	return ask_for(m, &r, &t, &f->e);
}

/* Whether there was something to save; it is saved then. */
static bool save(struct fixture *f, struct tier_model *m)
{
	char stack[] = "shop", tier[] = "web";
	struct db_model_state s[TIER_MODEL_STATES];
	const size_t n = tier_model_take_state(m, stack, tier, NOW_MS, s);

	if (n == 0)
		return false;
	assert_int_equal(n, 1); /* it follows nobody */
	assert_ok(db_model_states_put(f->db, s, 1, &f->e), &f->e);
	free(s[0].data);
	return true;
}

static void without_demand_nothing_is_known(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	struct answer a = ask(f, m, 10, NOW_MS);

	assert_false(a.f.known);
	assert_int_equal(a.f.fed_ms, 0);
}

static void a_steady_demand_is_forecast_as_it_is(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	struct answer a;

	record(f, NOW_MS, DAY_MINUTES, 100);
	a = ask(f, m, 30, NOW_MS);
	assert_true(a.f.known);
	assert_int_equal(a.f.fed_ms, NOW_MS);
	assert_int_equal(a.in.forecast_at_ms, NOW_MS);
	assert_close(a.in.forecast_mid, 100, 5);
	assert_in_range(needed(&a), 4, 5);
	assert_true(a.in.again_far >= 99);
}

static void minutes_that_come_are_fed_and_no_minute_before_its_end(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();

	record(f, NOW_MS, DAY_MINUTES, 100);
	ask(f, m, 30, NOW_MS);
	assert_int_equal(ask(f, m, 30, NOW_MS + MINUTE_MS - 1).f.fed_ms, NOW_MS);
	record(f, NOW_MS + 30 * MINUTE_MS, 30, 300);
	assert_int_equal(ask(f, m, 30, NOW_MS + 30 * MINUTE_MS + 5).f.fed_ms,
			 NOW_MS + 30 * MINUTE_MS);
	assert_true(ask(f, m, 30, NOW_MS + 30 * MINUTE_MS).in.forecast_mid > 200);
}

static void a_saved_model_goes_on_where_it_was(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	CLEANUP(tier_model_free) struct tier_model *later = tier_model_new();
	struct answer before, after;

	record(f, NOW_MS, DAY_MINUTES, 100);
	before = ask(f, m, 30, NOW_MS);
	assert_true(save(f, m));
	after = ask(f, later, 30, NOW_MS);
	assert_true(after.f.known);
	assert_int_equal(after.f.fed_ms, before.f.fed_ms);
	assert_close(after.in.forecast_high, before.in.forecast_high, 1e-9);
	assert_close(after.in.again_far, before.in.again_far, 1e-9);
	assert_close(after.f.level, before.f.level, 1e-9);
}

static void a_saved_model_of_nonsense_is_learned_anew(void **state)
{
	struct fixture *f = *state;
	char junk[200] = "junk";

	record(f, NOW_MS, DAY_MINUTES, 100);
	for (size_t len = 3; len <= sizeof(junk); len += sizeof(junk) - 3) {
		CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
		struct db_model_state s = {
			.stack = (char *)(uintptr_t) "shop",
			.tier = (char *)(uintptr_t) "web",
			.kind = (char *)(uintptr_t) "demand",
			.data = junk,
			.len = len,
		};

		assert_ok(db_model_states_put(f->db, &s, 1, &f->e), &f->e);
		assert_close(ask(f, m, 30, NOW_MS).in.forecast_mid, 100, 5);
	}
}

static void another_capacity_is_reckoned_with(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();

	struct answer a;

	record(f, NOW_MS, DAY_MINUTES, 100);
	a = ask(f, m, 30, NOW_MS);
	assert_in_range(needed(&a), 4, 5);
	a = ask(f, m, 10, NOW_MS);
	assert_in_range(needed(&a), 10, 12);
}

static void history_that_is_imported_is_learned_from(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	struct answer a;

	record(f, NOW_MS, 5, 100);
	a = ask(f, m, 30, NOW_MS);
	record(f, NOW_MS, 3 * DAY_MINUTES, 100);
	record(f, NOW_MS + MINUTE_MS, 1, 100);
	assert_int_equal(a.f.source.fallback_level, DEMAND_REACTIVE);
	a = ask(f, m, 30, NOW_MS + MINUTE_MS);
	assert_true(a.f.source.fallback_level != DEMAND_REACTIVE);
}

/* As that of an expression with a difference in it may be. */
static void what_is_no_demand_spoils_no_model(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	struct answer a;

	record(f, NOW_MS, DAY_MINUTES / 2, 100);
	record(f, NOW_MS - DAY_MINUTES / 2 * MINUTE_MS, 1, -5);
	record(f, NOW_MS - (DAY_MINUTES / 2 + 1) * MINUTE_MS, DAY_MINUTES / 2, 100);
	a = ask(f, m, 30, NOW_MS);
	assert_true(a.f.known);
	assert_close(a.in.forecast_mid, 100, 5);
	record(f, NOW_MS + MINUTE_MS, 1, -5);
	a = ask(f, m, 30, NOW_MS + MINUTE_MS);
	assert_true(a.f.known);
	assert_int_equal(a.f.fed_ms, NOW_MS + MINUTE_MS);
}

/* A tier without demand lately has nothing to learn from, and no round waits for it. */
static void demand_that_is_all_too_old_is_looked_for_once_a_minute(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	const struct db_tier t = tier_of(30);
	struct tier_round r;

	record(f, NOW_MS - INT64_C(60) * DAY_MINUTES * MINUTE_MS, DAY_MINUTES, 100);
	assert_false(ask(f, m, 30, NOW_MS).f.known);
	tier_round_begin(&r, f->db, NOW_MS + 1000);
	r.learn_until_mono_ms = 0; /* its half second is spent on others */
	assert_false(ask_for(m, &r, &t, &f->e).f.known);
	assert_false(r.is_behind);
	record(f, NOW_MS + MINUTE_MS, 60, 100);
	assert_true(ask(f, m, 30, NOW_MS + MINUTE_MS).f.known);
}

/* The clock was set back: what was fed as the future is learned anew, up to now. */
static void a_clock_that_is_set_back_is_followed(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();

	record(f, NOW_MS, DAY_MINUTES, 100);
	ask(f, m, 30, NOW_MS);
	assert_int_equal(ask(f, m, 30, NOW_MS - 300 * MINUTE_MS).f.fed_ms,
			 NOW_MS - 300 * MINUTE_MS);
}

static const json_t *kept_at(const json_t *promise, size_t band)
{
	const json_t *b = json_array_get(json_object_get(promise, "bands"), band);

	return json_object_get(json_array_get(json_object_get(b, "leads"), 0),
			       "achieved");
}

static void what_is_promised_and_what_forecasts_kept_is_told(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	CLEANUP(json_decref) json_t *none = NULL;
	CLEANUP(json_decref) json_t *told = NULL;
	CLEANUP(json_decref) json_t *priced = NULL;
	struct tier_forecast t = { .known = false };
	struct db_tier tier = tier_of(30);

	none = promise_json(&t, &tier);
	assert_true(json_is_null(none));
	record(f, NOW_MS, DAY_MINUTES, 100);
	t = ask(f, m, 30, NOW_MS).f;
	assert_int_equal(t.promise.lead_ms, 3 * MINUTE_MS);
	told = promise_json(&t, &tier);
	assert_close(json_number_value(json_object_get(told, "risk")), 0.02, 1e-9);
	assert_true(json_is_null(json_object_get(told, "price")));
	/* What the tier had is the ledger's to tell. */
	assert_null(json_object_get(told, "achieved"));
	assert_int_equal(json_array_size(json_object_get(told, "bands")), DEMAND_BANDS);
	assert_true(json_number_value(kept_at(told, 2)) > 0.85);
	/* A day is too little to tell five steps of a thousand. */
	assert_true(json_is_null(kept_at(told, DEMAND_BANDS - 1)));

	tier.price_ratio = 5;
	priced = promise_json(&t, &tier);
	assert_true(json_is_null(json_object_get(priced, "risk")));
	assert_close(json_number_value(json_object_get(priced, "price")), 5, 1e-9);
}

static void a_price_decides_in_place_of_the_risk(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	struct db_tier tier = tier_of(30);
	struct answer cheap, dear;
	struct tier_round r;

	record(f, NOW_MS, DAY_MINUTES, 100);
	ask(f, m, 30, NOW_MS);
	tier_round_begin(&r, f->db, NOW_MS);
	tier.price_ratio = 0.05;
	cheap = ask_for(m, &r, &tier, &f->e);
	tier.price_ratio = 50;
	dear = ask_for(m, &r, &tier, &f->e);
	assert_true(dear.f.level > cheap.f.level);
	assert_true(dear.in.forecast_need >= cheap.in.forecast_need);
	assert_close(dear.in.forecast_high, cheap.in.forecast_high, 0);
}

static void a_model_is_saved_once_for_each_change(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();

	assert_false(save(f, m));
	record(f, NOW_MS, DAY_MINUTES, 100);
	ask(f, m, 30, NOW_MS);
	assert_true(save(f, m));
	assert_false(save(f, m));
	ask(f, m, 30, NOW_MS);
	assert_false(save(f, m));
	ask(f, m, 30, NOW_MS + MINUTE_MS);
	assert_true(save(f, m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(without_demand_nothing_is_known),
		DB_TEST(a_steady_demand_is_forecast_as_it_is),
		DB_TEST(minutes_that_come_are_fed_and_no_minute_before_its_end),
		DB_TEST(a_saved_model_goes_on_where_it_was),
		DB_TEST(a_saved_model_of_nonsense_is_learned_anew),
		DB_TEST(another_capacity_is_reckoned_with),
		DB_TEST(history_that_is_imported_is_learned_from),
		DB_TEST(what_is_no_demand_spoils_no_model),
		DB_TEST(demand_that_is_all_too_old_is_looked_for_once_a_minute),
		DB_TEST(a_clock_that_is_set_back_is_followed),
		DB_TEST(what_is_promised_and_what_forecasts_kept_is_told),
		DB_TEST(a_price_decides_in_place_of_the_risk),
		DB_TEST(a_model_is_saved_once_for_each_change),
	};

	return cmocka_run_group_tests_name("tier_model", tests, NULL, NULL);
}
