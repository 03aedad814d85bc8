/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decision_model.h"

#include "db_fixture.h"

#define MINUTE_MS ((int64_t)60000)
#define HISTORY 300
#define T0 (20000 * 1440 * MINUTE_MS)
#define NOW (T0 + HISTORY * MINUTE_MS)

static const struct db_tier tier = { .stack = (char[]){ "s" },
				     .name = (char[]){ "t" },
				     .capacity = 10,
				     .risk_ratio = 0.005,
				     .max = -1,
				     .dwell_ms = 600000 };

static void record_history(struct fixture *f)
{
	double y[HISTORY];
	size_t added;

	for (int i = 0; i < HISTORY; i++)
		y[i] = 100 + i % 60;
	assert_ok(db_demand_import(f->db, "s", "t", T0, y, HISTORY, NOW, &added, &f->e),
		  &f->e);
}

static struct tier_forecast ask_ahead(struct fixture *f, struct tier_model *m,
				      struct tier_round *r, const struct db_tier *t,
				      int64_t lead_ms)
{
	const struct tier_view v = { .tier = t, .lead_ms = lead_ms, .served = -1 };
	struct decide_input in = { .capacity = t->capacity, .running = 1 };
	struct tier_forecast w;

	assert_ok(tier_model_update(m, r, &v, &w, &f->e), &f->e);
	if (w.known)
		tier_model_fill(m, NULL, &in, &w);
	return w;
}

static struct tier_forecast ask(struct fixture *f, struct tier_model *m,
				struct tier_round *r, const struct db_tier *t)
{
	return ask_ahead(f, m, r, t, 3 * MINUTE_MS);
}

static void save(struct fixture *f, struct tier_model *m)
{
	struct db_model_state s[TIER_MODEL_STATES];

	assert_int_equal(tier_model_take_state(m, tier.stack, tier.name, NOW, s), 1);
	assert_ok(db_model_states_put(f->db, s, 1, &f->e), &f->e);
	free(s[0].data);
}

/* A round whose time to learn in is over. */
static struct tier_round late(struct fixture *f)
{
	return (struct tier_round){ .db = f->db, .now_ms = NOW };
}

static void a_model_is_not_known_before_its_turn_to_learn(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	struct tier_round r = late(f);

	record_history(f);
	assert_false(ask(f, m, &r, &tier).known);
	assert_true(r.is_behind);

	tier_round_begin(&r, f->db, NOW);
	assert_false(r.is_behind);
	assert_true(ask(f, m, &r, &tier).known);
	assert_false(r.is_behind);
}

static void a_saved_model_needs_no_turn(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	CLEANUP(tier_model_free) struct tier_model *later = tier_model_new();
	struct tier_round r;
	struct tier_forecast w;

	record_history(f);
	tier_round_begin(&r, f->db, NOW);
	w = ask(f, m, &r, &tier);
	save(f, m);

	r = late(f);
	assert_true(ask(f, later, &r, &tier).level == w.level);
	assert_false(r.is_behind);
}

static void a_saved_model_of_another_lead_time_answers_until_its_turn(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	CLEANUP(tier_model_free) struct tier_model *later = tier_model_new();
	struct tier_round r;

	record_history(f);
	tier_round_begin(&r, f->db, NOW);
	ask(f, m, &r, &tier);
	save(f, m);

	r = late(f);
	assert_int_equal(ask_ahead(f, later, &r, &tier, 5 * MINUTE_MS).promise.lead_ms,
			 3 * MINUTE_MS);
	assert_true(r.is_behind);
	tier_round_begin(&r, f->db, NOW);
	assert_int_equal(ask_ahead(f, later, &r, &tier, 5 * MINUTE_MS).promise.lead_ms,
			 5 * MINUTE_MS);
	assert_false(r.is_behind);
}

static void other_settings_need_no_turn(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	struct tier_round r;
	struct db_tier t = tier;
	double level;

	t.capacity = 0.1; /* so that each per cent is some instances */
	record_history(f);
	tier_round_begin(&r, f->db, NOW);
	level = ask(f, m, &r, &t).level;
	r = late(f);
	t.risk_ratio = 0.1;
	assert_true(ask(f, m, &r, &t).level < level);
	assert_false(r.is_behind);
}

/* Found for a first guess of the capacity, a price is wrong for what it turns out to be.
 * A capacity that wavers needs no turn. */
static void a_capacity_of_another_size_has_its_price_found_again(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	CLEANUP(tier_model_free) struct tier_model *later = tier_model_new();
	struct tier_round r;
	struct db_tier t = tier;

	record_history(f);
	tier_round_begin(&r, f->db, NOW);
	ask(f, m, &r, &t);
	save(f, m);
	r = late(f);
	t.capacity = 1.2 * tier.capacity;
	ask(f, later, &r, &t);
	assert_false(r.is_behind);
	t.capacity = 1.3 * tier.capacity;
	ask(f, later, &r, &t);
	assert_true(r.is_behind);
	tier_round_begin(&r, f->db, NOW);
	ask(f, later, &r, &t);
	r = late(f);
	ask(f, later, &r, &t);
	assert_false(r.is_behind);
}

/* Nothing steers its price: it is found again on what was recorded since. */
static void a_model_that_is_not_followed_learns_anew_each_day(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	struct tier_round r;
	struct db_tier seen = tier;

	seen.mode = DB_MODE_OBSERVE;
	record_history(f);
	tier_round_begin(&r, f->db, NOW);
	ask(f, m, &r, &seen);
	r = late(f);
	r.now_ms += 1439 * MINUTE_MS;
	ask(f, m, &r, &seen);
	assert_false(r.is_behind);
	r.now_ms += 2 * MINUTE_MS;
	ask(f, m, &r, &seen);
	assert_true(r.is_behind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_model_is_not_known_before_its_turn_to_learn),
		DB_TEST(a_saved_model_needs_no_turn),
		DB_TEST(a_saved_model_of_another_lead_time_answers_until_its_turn),
		DB_TEST(other_settings_need_no_turn),
		DB_TEST(a_capacity_of_another_size_has_its_price_found_again),
		DB_TEST(a_model_that_is_not_followed_learns_anew_each_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
