/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fleet_fixture.h"

#include "budgets.h"

#define DAY INT64_C(86400000)
#define STACK(head)                                               \
	"[stack]\nname = shop\n" head "[pool p]\ndriver = fake\n" \
	"[tier web]\nunit = web@.service\npool = p\ncapacity = 10\n"
#define UNIT_TEXT "[Service]\nExecStart=/bin/true\n"

static void spend(struct scene *s, double amount)
{
	char stack[] = "shop", tier[] = "web", eur[] = "EUR";
	const struct db_cost c = { .day_ms = s->now_ms - s->now_ms % DAY,
				   .stack = stack,
				   .tier = tier,
				   .currency = eur,
				   .through_ms = s->now_ms,
				   .amount = amount };

	assert_ok(db_ledger_begin(s->db->db, s->now_ms, s->e), s->e);
	assert_ok(db_ledger_enter(s->db->db,
				  &(struct db_ledger_entry){ .costs = &c,
							     .n_costs = 1,
							     .day_length_ms = DAY },
				  s->e),
		  s->e);
}

static const char *look(struct scene *s, struct budgets *b)
{
	scene_load(s);
	assert_ok(budgets_apply(b, s->f, s->e), s->e);
	return s->f->tiers[0].thrift;
}

static void a_stack_without_a_budget_spends_as_it_needs(void **state)
{
	struct scene *s = *state;
	CLEANUP(budgets_free) struct budgets *b = budgets_new(s->db->db);
	char text[400];

	scene_apply(s, STACK(""), UNIT_TEXT);
	spend(s, 1000);
	assert_null(look(s, b));
	assert_false(budgets_problem(b, text, sizeof(text)));
}

static void a_budget_that_is_spent_is_told_and_stops_what_is_ahead(void **state)
{
	struct scene *s = *state;
	CLEANUP(budgets_free) struct budgets *b = budgets_new(s->db->db);
	char text[400];

	scene_apply(s, STACK("budget = 100 EUR/month\n"), UNIT_TEXT);
	spend(s, 79);
	assert_null(look(s, b));
	assert_false(budgets_problem(b, text, sizeof(text)));
	/* It is looked at once a minute. */
	spend(s, 3);
	assert_null(look(s, b));
	assert_false(budgets_problem(b, text, sizeof(text)));
	s->now_ms += 60000;
	assert_null(look(s, b));
	assert_true(budgets_problem(b, text, sizeof(text)));
	assert_non_null(strstr(text, "stack shop has cost 82.00 of the 100.00 EUR"));
	spend(s, 20);
	s->now_ms += 60000;
	assert_non_null(look(s, b));
	assert_true(budgets_problem(b, text, sizeof(text)));
	assert_non_null(strstr(text, "102.00"));
}

#define BUDGET_TEST(name) \
	cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUDGET_TEST(a_stack_without_a_budget_spends_as_it_needs),
		BUDGET_TEST(a_budget_that_is_spent_is_told_and_stops_what_is_ahead),
	};

	return cmocka_run_group_tests_name("budgets", tests, NULL, NULL);
}
