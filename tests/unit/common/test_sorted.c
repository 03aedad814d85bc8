/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sorted.h"

#include "test.h"

/* Every length and every key, against counting. */
static void the_place_is_behind_all_that_come_before(void **state)
{
	static const int v[] = { 1, 3, 3, 3, 5, 7, 7, 9, 11, 11, 11 };

	(void)state;
	for (size_t n = 0; n <= sizeof(v) / sizeof(*v); n++)
		for (int key = 0; key <= 12; key++) {
			size_t lower = 0, upper = 0;

			for (size_t i = 0; i < n; i++) {
				lower += v[i] < key;
				upper += v[i] <= key;
			}
			assert_int_equal(SORTED_PLACE(n, i, v[i] < key), lower);
			assert_int_equal(SORTED_PLACE(n, i, v[i] <= key), upper);
		}
}

static void a_long_list_takes_few_comparisons(void **state)
{
	size_t asked = 0;

	(void)state;
	assert_int_equal(SORTED_PLACE(1000000, i, (asked++, i < 777777)), 777777);
	assert_in_range(asked, 1, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_place_is_behind_all_that_come_before),
		cmocka_unit_test(a_long_list_takes_few_comparisons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
