/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier_model.h"

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

static struct tier_models *models_with_history(struct fixture *f)
{
	double y[HISTORY];
	size_t added;

	for (int i = 0; i < HISTORY; i++)
		y[i] = 100 + i % 60;
	assert_ok(db_demand_import(f->db, "s", "t", T0, y, HISTORY, NOW, &added, &f->e),
		  &f->e);
	return tier_models_new(f->db);
}

static struct tier_forecast ask(struct fixture *f, struct tier_models *m,
				const struct db_tier *t)
{
	struct tier_forecast w;

	assert_ok(tier_models_forecast(m, t, 180000, 0, NOW, &w, &f->e), &f->e);
	return w;
}

static void a_model_is_not_known_before_its_turn_to_learn(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_models_free) struct tier_models *m = models_with_history(f);

	/* No round has begun: there is no time to learn in. */
	assert_false(ask(f, m, &tier).known);
	assert_true(tier_models_are_behind(m));

	tier_models_begin(m);
	assert_false(tier_models_are_behind(m));
	assert_true(ask(f, m, &tier).known);
	assert_false(tier_models_are_behind(m));
}

static void a_saved_model_needs_no_turn(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_models_free) struct tier_models *m = models_with_history(f);
	CLEANUP(tier_models_free) struct tier_models *later = NULL;
	struct tier_forecast w;

	tier_models_begin(m);
	w = ask(f, m, &tier);
	assert_ok(tier_models_save(m, 1, NOW, &f->e), &f->e);

	later = tier_models_new(f->db);
	assert_true(ask(f, later, &tier).within_lead.upper == w.within_lead.upper);
	assert_false(tier_models_are_behind(later));
}

static void a_model_of_other_options_is_not_saved_as_theirs(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_models_free) struct tier_models *m = models_with_history(f);
	CLEANUP(tier_models_free) struct tier_models *out_of_turn = NULL;
	CLEANUP(tier_models_free) struct tier_models *later = NULL;
	struct db_tier other = tier;

	other.capacity = 25;
	tier_models_begin(m);
	(void)ask(f, m, &tier);
	assert_ok(tier_models_save(m, 1, NOW, &f->e), &f->e);

	/* Answers as it was until its turn comes. */
	out_of_turn = tier_models_new(f->db);
	(void)ask(f, out_of_turn, &tier);
	assert_true(ask(f, out_of_turn, &other).known);
	assert_true(tier_models_are_behind(out_of_turn));
	assert_ok(tier_models_save(out_of_turn, 1, NOW, &f->e), &f->e);

	later = tier_models_new(f->db);
	assert_false(ask(f, later, &other).known);
}

static void forgets_models_that_nobody_asks_for(void **state)
{
	struct fixture *f = *state;
	CLEANUP(tier_models_free) struct tier_models *m = models_with_history(f);

	tier_models_begin(m);
	(void)ask(f, m, &tier);
	tier_models_sweep(m);
	tier_models_sweep(m);

	assert_ok(tier_models_save(m, 10, NOW, &f->e), &f->e);
	assert_int_equal(db_model_state_get(f->db, "s", "t", "demand/near",
					    &(struct db_model_state){ 0 }, &f->e),
			 ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_model_is_not_known_before_its_turn_to_learn),
		DB_TEST(a_saved_model_needs_no_turn),
		DB_TEST(a_model_of_other_options_is_not_saved_as_theirs),
		DB_TEST(forgets_models_that_nobody_asks_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
