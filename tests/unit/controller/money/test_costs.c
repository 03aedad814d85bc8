/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"

#include "money.h"

#define DAY INT64_C(86400000)
#define HOUR INT64_C(3600000)
#define NOV_1 INT64_C(1793491200000)      /* 2026-11-01, UTC */
#define NOW (NOV_1 + 9 * DAY + 12 * HOUR) /* the 10th, noon */

static char shop[] = "shop", web[] = "web", app[] = "app";

static void enter(struct fixture *f, int64_t day_ms, char *tier, const char *currency,
		  double amount, double hour)
{
	const int64_t end_ms = day_ms + DAY < NOW ? day_ms + DAY : NOW;
	const struct db_cost c = { .day_ms = day_ms,
				   .stack = shop,
				   .tier = tier,
				   .currency = (char *)(uintptr_t)currency,
				   .through_ms = end_ms,
				   .paid_ms = HOUR,
				   .amount = amount,
				   .hour = hour };

	assert_ok(db_ledger_enter(f->db,
				  &(struct db_ledger_entry){ .costs = &c,
							     .n_costs = 1,
							     .day_length_ms = DAY },
				  &f->e),
		  &f->e);
}

static struct costs load(struct fixture *f)
{
	struct costs c = { .n = 0 };

	assert_ok(db_ledger_begin(f->db, NOV_1, &f->e), &f->e);
	assert_ok(costs_load(f->db, NULL, NOW, &c, &f->e), &f->e);
	return c;
}

/* From the 3rd to the 9th, the days before today, 24 a day. */
static void enter_a_week(struct fixture *f)
{
	assert_ok(db_ledger_begin(f->db, NOV_1, &f->e), &f->e);
	for (int64_t day = 2; day < 9; day++)
		enter(f, NOV_1 + day * DAY, web, "EUR", 24, 1);
}

static void the_month_goes_on_as_the_last_week_did(void **state)
{
	struct fixture *f = *state;
	CLEANUP(costs_done) struct costs c = { .n = 0 };

	enter_a_week(f);
	enter(f, NOV_1 - 2 * DAY, web, "EUR", 1000, 9);
	enter(f, NOV_1 + 9 * DAY, web, "EUR", 12, 1.5);
	c = load(f);
	assert_int_equal(c.n, 1);
	assert_close(c.v[0].sums.hour, 1.5, 1e-9);
	assert_close(c.v[0].sums.today, 12, 1e-9);
	assert_close(c.v[0].sums.month, 7 * 24 + 12, 1e-9);
	assert_close(c.v[0].sums.projected, 7 * 24 + 12 + 20.5 * 24, 1e-6);
	assert_close(c.v[0].sums.days[8], 24, 1e-9);
	assert_int_equal(c.n_days, 10);
}

static void on_its_first_day_a_stack_goes_on_as_its_hosts_cost_now(void **state)
{
	struct fixture *f = *state;
	CLEANUP(costs_done) struct costs c = { .n = 0 };

	assert_ok(db_ledger_begin(f->db, NOV_1, &f->e), &f->e);
	enter(f, NOV_1 + 9 * DAY, web, "EUR", 3, 0.5);
	c = load(f);
	assert_close(c.v[0].sums.projected, 3 + 20.5 * 24 * 0.5, 1e-6);
}

static void the_first_day_is_no_measure_of_a_day(void **state)
{
	struct fixture *f = *state;
	CLEANUP(costs_done) struct costs c = { .n = 0 };

	assert_ok(db_ledger_begin(f->db, NOV_1, &f->e), &f->e);
	enter(f, NOV_1 + 7 * DAY, web, "EUR", 1, 1);
	enter(f, NOV_1 + 8 * DAY, web, "EUR", 24, 1);
	enter(f, NOV_1 + 9 * DAY, web, "EUR", 12, 1);
	c = load(f);
	assert_close(c.v[0].sums.projected, 37 + 20.5 * 24, 1e-6);
}

static void currencies_are_never_added(void **state)
{
	struct fixture *f = *state;
	CLEANUP(costs_done) struct costs c = { .n = 0 };
	struct budget b;

	enter_a_week(f);
	enter(f, NOV_1 + 9 * DAY, web, "USD", 500, 50);
	c = load(f);
	assert_int_equal(c.n, 2);
	assert_true(budget_judge(&c, shop, "10000 EUR/month", &b));
	assert_close(b.spent, 7 * 24, 1e-9);
	assert_true(b.has_others);
}

static void hosts_that_are_gone_cost_nothing_now(void **state)
{
	struct fixture *f = *state;
	CLEANUP(costs_done) struct costs c = { .n = 0 };

	enter_a_week(f);
	enter(f, NOV_1 + 9 * DAY, app, "EUR", 1, 1);
	c = load(f);
	assert_string_equal(c.v[1].tier, "web");
	assert_close(c.v[1].sums.hour, 0, 1e-9);
}

static void an_entry_adds_to_the_day_and_its_hour_is_the_latest(void **state)
{
	struct fixture *f = *state;
	CLEANUP(costs_done) struct costs c = { .n = 0 };

	assert_ok(db_ledger_begin(f->db, NOV_1, &f->e), &f->e);
	enter(f, NOV_1 + 9 * DAY, web, "EUR", 3, 0.5);
	enter(f, NOV_1 + 9 * DAY, web, "EUR", 3, 0.25);
	c = load(f);
	assert_close(c.v[0].sums.today, 6, 1e-9);
	assert_close(c.v[0].sums.hour, 0.75, 1e-9);
}

static struct budget judged(struct fixture *f, const char *budget)
{
	CLEANUP(costs_done) struct costs c = load(f);
	struct budget b;

	assert_true(budget_judge(&c, shop, budget, &b));
	return b;
}

/* 168 were spent, and 660 will have been. */
static void a_budget_tells_of_what_is_near_and_of_what_will_be_more(void **state)
{
	static const struct {
		const char *budget, *words;
		enum budget_state state;
		bool is_tight;
	} rows[] = {
		{ "700 EUR/month", NULL, BUDGET_KEPT, false },
		{ "600 EUR/month", "none ahead of it", BUDGET_OVER, true },
		{ "200 EUR/month", "none is ended", BUDGET_OVER, true },
		{ "168 EUR/month", "168.00 of the 168.00 EUR", BUDGET_SPENT, true },
	};
	struct fixture *f = *state;
	char text[300];

	enter_a_week(f);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct budget b = judged(f, rows[i].budget);

		assert_int_equal(b.state, rows[i].state);
		assert_int_equal(budget_is_tight(&b), rows[i].is_tight);
		assert_int_equal(budget_problem(&b, shop, text, sizeof(text)),
				 rows[i].words != NULL);
		if (rows[i].words)
			assert_non_null(strstr(text, rows[i].words));
	}
}

static void four_fifths_of_a_budget_are_told_of_when_the_rest_will_do(void **state)
{
	struct fixture *f = *state;
	char text[300];
	struct budget b;

	enter_a_week(f);
	b = judged(f, "700 EUR/month");
	b.spent = 560;
	b.projected = 699;
	assert_false(budget_is_tight(&b));
	b = judged(f, "700 EUR/month");
	assert_false(budget_problem(&b, shop, text, sizeof(text)));
}

static void a_stack_without_a_budget_is_not_judged(void **state)
{
	CLEANUP(costs_done) struct costs c = load(*state);
	struct budget b;

	assert_false(budget_judge(&c, shop, "", &b));
}

static void a_price_is_found_by_type_else_that_of_any(void **state)
{
	struct fixture *f = *state;
	char pool[] = "p", small[] = "small", any[] = "any", none[] = "", eur[] = "EUR";
	const struct db_pool p = { .name = pool, .type = "small, large" };
	const struct db_pool_type types[] = {
		{ pool, any, 0, 0, 9, -1, eur, none },
		{ pool, small, 1, 0, 2, 1, eur, none },
	};
	CLEANUP(price_book_done) struct price_book b = { .types.n = 0 };
	struct money m;

	assert_ok(db_pool_put(f->db, &p, &f->e), &f->e);
	assert_ok(db_pool_types_put(f->db, pool, types, 2, &f->e), &f->e);
	assert_ok(price_book_load(f->db, &b, &f->e), &f->e);
	assert_true(price_book_of(&b, &p, "", false, &m));
	assert_close(m.amount, 2, 0);
	assert_string_equal(m.currency, "EUR");
	assert_true(price_book_of(&b, &p, "small", true, &m));
	assert_close(m.amount, 1, 0);
	assert_true(price_book_of(&b, &p, "other", false, &m));
	assert_close(m.amount, 9, 0);
	assert_false(price_book_of(&b, &p, "other", true, &m));
	assert_ok(db_pool_delete(f->db, pool, &f->e), &f->e);
	price_book_done(&b);
	assert_ok(price_book_load(f->db, &b, &f->e), &f->e);
	assert_int_equal(b.types.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(the_month_goes_on_as_the_last_week_did),
		DB_TEST(on_its_first_day_a_stack_goes_on_as_its_hosts_cost_now),
		DB_TEST(the_first_day_is_no_measure_of_a_day),
		DB_TEST(currencies_are_never_added),
		DB_TEST(hosts_that_are_gone_cost_nothing_now),
		DB_TEST(an_entry_adds_to_the_day_and_its_hour_is_the_latest),
		DB_TEST(a_budget_tells_of_what_is_near_and_of_what_will_be_more),
		DB_TEST(four_fifths_of_a_budget_are_told_of_when_the_rest_will_do),
		DB_TEST(a_stack_without_a_budget_is_not_judged),
		DB_TEST(a_price_is_found_by_type_else_that_of_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
