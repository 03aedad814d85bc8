/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "tally.h"

#include <stdlib.h>

#define KINDS 50

static void a_tally_counts_as_an_array_does(void **state)
{
	struct tally t = { 0 };
	int counts[KINDS] = { 0 }, present = 0;

	(void)state;
	srand(3);
	for (int round = 0; round < 5000; round++) {
		const int kind = rand() % KINDS;
		const int by = counts[kind] > 0 && rand() % 2 ? -1 : 1;

		counts[kind] += by;
		tally_add(&t, kind, by);
		assert_int_equal(tally_get(&t, kind), counts[kind]);
	}
	for (int kind = 0; kind < KINDS; kind++) {
		assert_int_equal(tally_get(&t, kind), counts[kind]);
		present += counts[kind] > 0;
	}
	/* What is not there takes no room. */
	assert_int_equal(t.n, present);
	tally_done(&t);
	assert_int_equal(tally_get(&t, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tally_counts_as_an_array_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
