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

static struct tier_forecast ask(struct fixture *f, struct tier_model *m,
				struct tier_round *r, const struct db_tier *t)
{
	struct tier_forecast w;

	assert_ok(tier_model_forecast(m, r, t, 180000, 0, NULL, &w, &f->e), &f->e);
	return w;
}

static void save(struct fixture *f, struct tier_model *m)
{
	struct db_model_state s;

	assert_true(tier_model_take_state(m, tier.stack, tier.name, NOW, &s));
	assert_ok(db_model_states_put(f->db, &s, 1, &f->e), &f->e);
	free(s.data);
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
	assert_true(ask(f, later, &r, &tier).within_lead.upper == w.within_lead.upper);
	assert_false(r.is_behind);
}

static void a_saved_model_of_other_options_answers_until_its_turn(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_model_free) struct tier_model *m = tier_model_new();
	CLEANUP(tier_model_free) struct tier_model *later = tier_model_new();
	struct tier_round r;
	struct db_tier other = tier;
	double price;

	other.risk_ratio = 0.1;
	record_history(f);
	tier_round_begin(&r, f->db, NOW);
	price = ask(f, m, &r, &tier).within_lead.price;
	save(f, m);

	r = late(f);
	assert_true(ask(f, later, &r, &other).within_lead.price == price);
	assert_true(r.is_behind);
	tier_round_begin(&r, f->db, NOW);
	assert_true(ask(f, later, &r, &other).within_lead.price < price);
	assert_false(r.is_behind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_model_is_not_known_before_its_turn_to_learn),
		DB_TEST(a_saved_model_needs_no_turn),
		DB_TEST(a_saved_model_of_other_options_answers_until_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
