/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "follow_trial.h"
#include "front_fixture.h"

#include <math.h>

#define MINUTE_MS 60000
#define WINDOW 4

/* Losses that hang together for an hour; other's are `ratio` times the own on average. */
struct losses {
	gsl_rng *r;
	double common, of_own, of_other;
	double apart; /* how much they differ for a while */
	double ratio;
};

static void note(struct losses *l, struct follow_trial *t)
{
	const double keep = exp(-1 / 60.0), part = sqrt(1 - keep * keep);

	l->common = keep * l->common + gsl_ran_gaussian(l->r, part);
	l->of_own = keep * l->of_own + gsl_ran_gaussian(l->r, l->apart * part);
	l->of_other = keep * l->of_other + gsl_ran_gaussian(l->r, l->apart * part);
	follow_trial_note(t, exp(l->common + l->of_own),
			  l->ratio * exp(l->common + l->of_other));
}

/* Days until it was used, at most `days`; 0: never. */
static double days_until_used(unsigned long seed, double ratio, double apart, size_t days)
{
	struct losses l = { .r = front_dice(seed), .ratio = ratio, .apart = apart };
	struct follow_trial t;
	double used = 0;

	follow_trial_init(&t, MINUTE_MS, WINDOW);
	for (size_t i = 0; i < days * FRONT_DAY && used == 0; i++) {
		note(&l, &t);
		if (follow_trial_holds(&t))
			used = (double)i / FRONT_DAY;
	}
	gsl_rng_free(l.r);
	return used;
}

static void what_is_only_as_good_is_used_in_none_of_400_months(void **state)
{
	size_t used = 0;

	(void)state;
	for (unsigned long seed = 1; seed <= 400; seed++)
		used += days_until_used(seed, 1, 0.5, 30) > 0;
	print_message("# used in %zu of 400 months\n", used);
	assert_int_equal(used, 0);
}

static void what_is_better_by_a_quarter_is_used_within_two_weeks(void **state)
{
	double sum = 0;

	(void)state;
	for (unsigned long seed = 1; seed <= 40; seed++) {
		const double days = days_until_used(seed, 0.75, 0.2, 21);

		assert_true(days > 3.8); /* 23 blocks that were won, at least */
		sum += days;
	}
	print_message("# used after %.1f days on average\n", sum / 40);
	assert_true(sum / 40 < 14);
}

static void what_becomes_worse_is_not_used_within_hours_and_left_within_days(void **state)
{
	struct losses l = { .r = front_dice(7), .ratio = 0.5, .apart = 0.2 };
	struct follow_trial t;
	size_t i = 0;

	(void)state;
	follow_trial_init(&t, MINUTE_MS, WINDOW);
	while (i++ < 20 * FRONT_DAY)
		note(&l, &t);
	assert_true(follow_trial_holds(&t));
	assert_close(follow_trial_gain(&t), 0.5, 0.05);
	l.ratio = 2;
	for (i = 0; follow_trial_holds(&t); i++)
		note(&l, &t);
	assert_in_range(i, 1, 6 * 60);
	for (i = 0; t.is_proven; i++)
		note(&l, &t);
	assert_in_range(i, 1, 5 * FRONT_DAY);
	gsl_rng_free(l.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_only_as_good_is_used_in_none_of_400_months),
		cmocka_unit_test(what_is_better_by_a_quarter_is_used_within_two_weeks),
		cmocka_unit_test(
			what_becomes_worse_is_not_used_within_hours_and_left_within_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
