/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "level_shift.h"

#include "test.h"

/* A wave of gaps of +-2 around nothing: what is usual. */
static void see_the_usual(struct level_shift *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		level_shift_note(s, 100 + (i % 2 ? 2 : -2), 100, 100);
}

static void what_is_usual_is_no_shift(void **state)
{
	struct level_shift s;

	(void)state;
	level_shift_init(&s, 0.1, 1000, 10);
	see_the_usual(&s, 5000);
	assert_false(s.is_on);
	assert_close(s.usual, 0.02, 0.002);
}

static void a_shift_is_found_when_it_lasts_and_is_over_when_it_is_over(void **state)
{
	struct level_shift s;
	size_t n = 0;

	(void)state;
	level_shift_init(&s, 0.1, 1e6, 10);
	see_the_usual(&s, 5000);
	/* 9 usual sizes less the allowance of 3 is 6 a gap: the limit of 30
	 * needs six. */
	for (; !s.is_on; n++)
		level_shift_note(&s, 118, 100, 100);
	assert_in_range(n, 5, 7);
	assert_int_equal(s.since, n);
	assert_close(s.ratio, 0.18, 1e-9);
	for (n = 0; s.is_on && n < 100; n++)
		see_the_usual(&s, 1);
	assert_in_range(n, 2, 30);
}

static void one_freak_is_no_shift_and_teaches_little(void **state)
{
	struct level_shift s;
	double before;

	(void)state;
	level_shift_init(&s, 0.1, 1000, 10);
	see_the_usual(&s, 5000);
	before = s.usual;
	level_shift_note(&s, 120, 100, 100);
	assert_false(s.is_on);
	assert_close(s.usual, before, 0.01 * before);
}

static void downwards_counts_as_well_and_units_do_not(void **state)
{
	struct level_shift a, b;

	(void)state;
	level_shift_init(&a, 0.1, 1000, 10);
	level_shift_init(&b, 0.1, 1000, 10);
	for (size_t i = 0; i < 300; i++) {
		const double now = i < 200 ? 100 + (double)(i % 3) : 20;

		level_shift_note(&a, now, 100, 100);
		level_shift_note(&b, 1024 * now, 102400, 102400);
		assert_true(a.is_on == b.is_on && a.usual == b.usual);
	}
	assert_true(a.is_on);
	assert_close(a.ratio, -0.8, 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_usual_is_no_shift),
		cmocka_unit_test(
			a_shift_is_found_when_it_lasts_and_is_over_when_it_is_over),
		cmocka_unit_test(one_freak_is_no_shift_and_teaches_little),
		cmocka_unit_test(downwards_counts_as_well_and_units_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
