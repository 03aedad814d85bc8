/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "check.h"
#include "missing.h"

#include <stdio.h>

#define MANY 3000

static const struct missing *note(struct missing_list *l, int i)
{
	char what[32];

	snprintf(what, sizeof(what), "vm-%d", i);
	return missing_note(l, what);
}

static void what_is_missing_is_counted_once_a_list(void **state)
{
	struct missing_list l = { 0 };

	(void)state;
	missing_next_list(&l);
	/* In no order, each twice. */
	for (int i = 0; i < 2 * MANY; i++)
		assert_int_equal(note(&l, i * 7 % MANY)->count, 1);
	assert_int_equal(l.n, MANY);
	missing_next_list(&l);
	for (int i = 0; i < MANY; i += 2)
		assert_int_equal(note(&l, i)->count, 2);
	/* The others were there again. */
	missing_next_list(&l);
	assert_int_equal(l.n, MANY / 2);
	assert_int_equal(note(&l, 1)->count, 1);
	assert_int_equal(note(&l, 2)->count, 3);
	missing_done(&l);
}

static void what_is_cleared_begins_anew(void **state)
{
	struct missing_list l = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		missing_next_list(&l);
		for (int k = 0; k < 5; k++)
			note(&l, k);
	}
	missing_clear(&l, "vm-2");
	missing_clear(&l, "none");
	assert_int_equal(l.n, 4);
	assert_int_equal(note(&l, 2)->count, 1);
	assert_int_equal(note(&l, 3)->count, 3);
	missing_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_counted_once_a_list),
		cmocka_unit_test(what_is_cleared_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
