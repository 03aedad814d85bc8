/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether new instances answer with more errors. */
#include "test.h"

#include "check.h"
#include "rollout.h"

#include <stdlib.h>

static bool is_more(double e_new, double n_new, double e_old, double n_old)
{
	return error_share_is_more(&(struct responses){ e_new, n_new },
				   &(struct responses){ e_old, n_old });
}

static void a_few_responses_tell_a_broken_one(void **state)
{
	(void)state;
	assert_true(is_more(8, 8, 0, 16));
	assert_true(is_more(60, 300, 0, 600));
	assert_true(is_more(300, 3000, 90, 3000));
}

static void equal_shares_do_not(void **state)
{
	(void)state;
	assert_false(is_more(0, 0, 0, 0));
	assert_false(is_more(4, 4, 0, 100));
	assert_false(is_more(8, 8, 16, 16));
	assert_false(is_more(10, 100, 8, 100));
	assert_false(is_more(0, 100, 50, 100));
}

static void what_is_sure_but_small_does_not(void **state)
{
	(void)state;
	assert_false(is_more(10000, 2e6, 0, 2e6));
	assert_true(is_more(30000, 2e6, 0, 2e6));
	assert_true(is_more(5e8, 1e9, 0, 1e9));
}

static void without_old_ones_most_must_be_errors(void **state)
{
	(void)state;
	assert_true(is_more(10, 20, 0, 0));
	assert_false(is_more(9, 9, 0, 0));
	assert_false(is_more(10, 21, 0, 0));
}

/* Of 1,000 roll-outs at equal shares, each looked at a hundred times, fewer than ten
 * stop. */
static void a_roll_out_of_an_equal_text_hardly_ever_stops(void **state)
{
	int stopped = 0;

	(void)state;
	srand(7);
	for (int i = 0; i < 1000; i++) {
		struct responses n = { 0 }, o = { 0 };
		bool stops = false;

		for (int k = 0; k < 100 && !stops; k++) {
			for (int j = 0; j < 5; j++, n.all++)
				n.errors += rand() % 20 == 0;
			for (int j = 0; j < 10; j++, o.all++)
				o.errors += rand() % 20 == 0;
			stops = error_share_is_more(&n, &o);
		}
		stopped += stops;
	}
	assert_in_range(stopped, 0, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_few_responses_tell_a_broken_one),
		cmocka_unit_test(equal_shares_do_not),
		cmocka_unit_test(what_is_sure_but_small_does_not),
		cmocka_unit_test(without_old_ones_most_must_be_errors),
		cmocka_unit_test(a_roll_out_of_an_equal_text_hardly_ever_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
