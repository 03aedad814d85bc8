/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "money.h"

#include <math.h>
#include <string.h>

static void a_price_is_an_amount_in_a_currency_an_hour(void **state)
{
	struct price p;
	struct err e;

	(void)state;
	assert_ok(price_parse("0.0416 USD/h", &p, &e), &e);
	assert_close(p.hour.amount, 0.0416, 1e-12);
	assert_string_equal(p.hour.currency, "USD");
	assert_true(isnan(p.spot_hour));
}

static void a_price_of_spot_capacity_follows_a_comma(void **state)
{
	struct price p;
	struct err e;

	(void)state;
	assert_ok(price_parse("0.096 EUR/h, spot 0.035 EUR/h", &p, &e), &e);
	assert_close(p.hour.amount, 0.096, 1e-12);
	assert_close(p.spot_hour, 0.035, 1e-12);
}

static void what_is_no_price_is_refused_with_an_example(void **state)
{
	static const char *const wrong[] = {
		"",           "0.1",          "0.1 USD",       "USD 0.1/h",
		"0.1 usd/h",  "0.1 US/h",     "0.1 USDT/h",    "-1 USD/h",
		"nan USD/h",  "10% USD/h",    "0.1 USD/month", "0.1 USD/h x",
		"1e12 USD/h", "0.1 USD/h, 1", "1 USD/h, spot", "1 USD/h, spot 1 EUR/h",
		"1 USD/h,,",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct price p;
		struct err e;

		if (price_parse(wrong[i], &p, &e) != ERR_INVAL)
			fail_msg("'%s' was taken for a price", wrong[i]);
		assert_non_null(strstr(e.msg, "/h"));
	}
}

static void a_budget_is_of_a_month_and_above_nothing(void **state)
{
	static const char *const wrong[] = { "300", "300 USD", "300 USD/h", "0 USD/month",
					     "300 dollars/month" };
	struct money m;
	struct err e;

	(void)state;
	assert_ok(budget_parse("300 USD/month", &m, &e), &e);
	assert_close(m.amount, 300, 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(budget_parse(wrong[i], &m, &e), ERR_INVAL);
		assert_non_null(strstr(e.msg, "300 USD/month"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_price_is_an_amount_in_a_currency_an_hour),
		cmocka_unit_test(a_price_of_spot_capacity_follows_a_comma),
		cmocka_unit_test(what_is_no_price_is_refused_with_an_example),
		cmocka_unit_test(a_budget_is_of_a_month_and_above_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
