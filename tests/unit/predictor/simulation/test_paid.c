/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paid.h"
#include "simulation.h"

#include "check.h"
#include "test.h"

#define MINUTE 60000
#define HOUR (60 * MINUTE)

static void one_ends_only_before_the_decision_that_would_be_too_late(void **state)
{
	struct paid p;

	(void)state;
	paid_init(&p, (struct paid_terms){ .unit = HOUR }, MINUTE);
	paid_add(&p, 7 * MINUTE + 30000, 2);
	assert_int_equal(paid_ending(&p, HOUR + 6 * MINUTE), 0);
	assert_int_equal(paid_ending(&p, HOUR + 7 * MINUTE), 2);
	assert_int_equal(paid_ending(&p, HOUR + 8 * MINUTE), 0);
	assert_int_equal(paid_ending(&p, 9 * (int64_t)HOUR + 7 * MINUTE), 2);
}

static void a_unit_that_ends_with_the_decision_ends_then(void **state)
{
	struct paid p;

	(void)state;
	paid_init(&p, (struct paid_terms){ .unit = 60 }, 1);
	paid_add(&p, 5, 1);
	assert_int_equal(paid_ending(&p, 64), 0);
	assert_int_equal(paid_ending(&p, 65), 1);
	assert_int_equal(paid_ending(&p, 66), 0);
}

static void those_nearest_to_the_end_of_their_unit_go_first(void **state)
{
	struct paid p;

	(void)state;
	paid_init(&p, (struct paid_terms){ .unit = 60 }, 1);
	paid_add(&p, 10, 1);    /* ends at 70 */
	paid_add(&p, 20, 2);    /* 80 */
	paid_add(&p, 50, 4);    /* 110 */
	paid_remove(&p, 71, 3); /* both of 20, one of 50 */
	assert_int_equal(p.count, 4);
	assert_int_equal(paid_ending(&p, 80), 0);
	assert_int_equal(paid_ending(&p, 110), 3);
	assert_int_equal(paid_ending(&p, 130), 1);
}

static void a_launch_is_cancelled_where_it_began(void **state)
{
	struct paid p;

	(void)state;
	paid_init(&p, (struct paid_terms){ .unit = 60 }, 1);
	paid_add(&p, 10, 2);
	paid_add(&p, 20, 1);
	paid_cancel(&p, 10, 1);
	paid_cancel(&p, 30, 5);
	assert_int_equal(p.count, 2);
	assert_int_equal(paid_ending(&p, 70), 1);
	assert_int_equal(paid_ending(&p, 80), 1);
	paid_remove(&p, 90, 9);
	assert_int_equal(p.count, 0);
}

/* Units that are no multiple of anything: whatever is launched when, each instance ends
 * once in a unit, never after its end. */
static void each_ends_once_a_unit(void **state)
{
	static const int64_t units[] = {
		1, 7, 1440, 1441, 90000, HOUR + 1, 744 * (int64_t)HOUR
	};

	(void)state;
	for (size_t u = 0; u < ARRAY_SIZE(units); u++) {
		const int64_t unit = units[u], step = MAX(unit / 37, INT64_C(1));
		size_t ended = 0, late = 0;
		struct paid p;

		paid_init(&p, (struct paid_terms){ .unit = unit }, step);
		paid_add(&p, unit / 3, 1);
		for (int64_t now = 0; now < 10 * unit; now += step) {
			const size_t n = paid_ending(&p, now);

			ended += n;
			late += n && (now + unit - unit / 3) % unit > 0 &&
				(now + unit - unit / 3) % unit < unit / 2;
		}
		assert_true(ended == 10);
		assert_true(late == 0);
	}
}

static void what_is_paid_is_whole_units_and_no_less_than_the_minimum(void **state)
{
	const struct paid_terms by_moment = { 0, 0 }, second = { 1000, 60000 },
				odd = { 60, 90 }, short_least = { 60, 10 };

	(void)state;
	assert_int_equal(paid_for(by_moment, 12345), 12345);
	assert_int_equal(paid_for(second, 0), 0);
	assert_int_equal(paid_for(second, 1), 60000);
	assert_int_equal(paid_for(second, 60000), 60000);
	assert_int_equal(paid_for(second, 60001), 61000);
	assert_int_equal(paid_for(odd, 1), 120);
	assert_int_equal(paid_for(odd, 121), 180);
	assert_int_equal(paid_for(short_least, 1), 60);
}

static void within_the_minimum_none_ends(void **state)
{
	struct paid p;

	(void)state;
	paid_init(&p, (struct paid_terms){ .unit = 10, .least = 30 }, 1);
	paid_add(&p, 5, 2);
	assert_int_equal(paid_begun(&p, 5), 2 * 30);
	assert_int_equal(paid_begun(&p, 6), 0);
	assert_int_equal(paid_ending(&p, 15), 0);
	assert_int_equal(paid_ending(&p, 25), 0);
	assert_int_equal(paid_ending(&p, 34), 0);
	assert_int_equal(paid_ending(&p, 35), 2);
	assert_int_equal(paid_begun(&p, 35), 2 * 10);
	assert_int_equal(paid_ending(&p, 40), 0);
	assert_int_equal(paid_ending(&p, 45), 2);
	paid_done(&p);
}

static void a_launch_within_its_minimum_is_cancelled_or_goes_by_its_end(void **state)
{
	struct paid p;

	(void)state;
	paid_init(&p, (struct paid_terms){ .unit = 10, .least = 30 }, 1);
	paid_add(&p, 0, 4);
	paid_add(&p, 7, 3);
	paid_add(&p, 12, 5);
	paid_cancel(&p, 12, 4);
	assert_int_equal(p.count, 8);
	/* That of 0 ends at 40, that of 7 at 37, that of 12 at 42. */
	paid_remove(&p, 36, 4);
	assert_int_equal(p.count, 4);
	assert_int_equal(paid_ending(&p, 37), 0);
	assert_int_equal(paid_ending(&p, 40), 3);
	assert_int_equal(paid_ending(&p, 42), 1);
	paid_remove(&p, 43, 9);
	assert_int_equal(p.count, 0);
	paid_done(&p);
}

/* At any time what was paid so far is what paid_for() says of each. */
static void what_has_begun_adds_up_to_what_is_paid(void **state)
{
	static const struct paid_terms terms[] = {
		{ 1, 0 }, { 1, 7 }, { 4, 12 }, { 5, 11 }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(terms); i++) {
		int64_t paid = 0;
		struct paid p;

		paid_init(&p, terms[i], 1);
		for (int64_t now = 0; now < 50; now++) {
			int64_t expected = 0;

			if (now % 3 == 0)
				paid_add(&p, now, 2);
			paid += paid_begun(&p, now);
			for (int64_t at = 0; at <= now; at += 3)
				expected += 2 * paid_for(terms[i], now + 1 - at);
			assert_int_equal(paid, expected);
		}
		paid_done(&p);
	}
}

static size_t next_wish(void *arg, const struct fleet_now *now)
{
	const size_t *wish = arg;

	return wish[now->i];
}

static struct fleet_terms terms_of(size_t lead, size_t billing)
{
	return (struct fleet_terms){ .capacity = 1,
				     .lead = lead,
				     .paid.unit = (int64_t)billing };
}

static void a_unit_that_has_begun_is_paid_for(void **state)
{
	static const double demand[12] = { 0 };
	/* Two launched in step 1, one of them cancelled in step 2; the other goes in step
	 * 8, four steps into its second unit. */
	static size_t wish[] = { 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1 };
	const struct fleet_terms terms = terms_of(2, 4);
	struct fleet_run r;

	(void)state;
	fleet_simulate(&terms, demand, 12, 1, next_wish, wish, &r);
	assert_close(r.instance_steps, 3 * 4 + 4 + 2 * 4, 0);
	assert_int_equal(r.running[7], 2);
	assert_int_equal(r.running[8], 1);
	free(r.running);
}

static void what_ends_is_told_unless_others_boot(void **state)
{
	const struct fleet_terms terms = terms_of(1, 4);
	struct fleet_sim *f = fleet_sim_new(&terms, 20, 2);
	struct fleet_now now;

	(void)state;
	for (int i = 0; i < 3; i++) {
		fleet_serve(f, 1, &now);
		assert_int_equal(now.ending, 0);
		fleet_want(f, 2);
	}
	fleet_serve(f, 1, &now);
	assert_int_equal(now.ending, 2);
	for (int i = 4; i < 7; i++) {
		fleet_want(f, 2);
		fleet_serve(f, 1, &now);
	}
	fleet_want(f, 3); /* launched when the first two end */
	fleet_serve(f, 1, &now);
	assert_int_equal(now.booting, 1);
	assert_int_equal(now.ending, 0);
	fleet_sim_free(f);
}

static void by_the_step_nothing_ends(void **state)
{
	const struct fleet_terms terms = terms_of(1, 1);
	struct fleet_sim *f = fleet_sim_new(&terms, 2, 2);
	struct fleet_now now;

	(void)state;
	fleet_serve(f, 1, &now);
	assert_int_equal(now.ending, -1);
	fleet_sim_free(f);
}

static void a_minimum_is_paid_of_what_goes_before(void **state)
{
	static const double demand[12] = { 0 };
	/* A second is launched in step 1; the first goes in step 3: six steps are paid.
	 */
	static size_t wish[] = { 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	const struct fleet_terms terms = { .capacity = 1, .paid = { 1, 6 } };
	struct fleet_sim *f = fleet_sim_new(&terms, 9, 1);
	struct fleet_now now;
	struct fleet_run r;

	(void)state;
	fleet_simulate(&terms, demand, 12, 1, next_wish, wish, &r);
	assert_close(r.instance_steps, 6 + 11, 0);
	free(r.running);
	for (int i = 0; i < 5; i++) {
		fleet_serve(f, 1, &now);
		assert_int_equal(now.ending, 0);
		fleet_want(f, 1);
	}
	fleet_serve(f, 1, &now);
	assert_int_equal(now.ending, 1);
	fleet_sim_free(f);
}

static void the_optimum_pays_the_minimum(void **state)
{
	static const size_t need[] = { 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2 };
	const struct fleet_terms terms = { .capacity = 1, .paid = { 1, 4 } };
	struct fleet_run r;

	(void)state;
	fleet_oracle(&terms, need, 12, 1, &r);
	assert_close(r.instance_steps, 12 + 4 + 4, 0);
	free(r.running);
}

static void the_optimum_keeps_what_is_paid_for(void **state)
{
	/* A second instance in steps 1 and 4, within a unit and a boot, and in 17. */
	static const size_t need[] = { 1, 2, 1, 1, 2, 1, 1, 1, 1, 1,
				       1, 1, 1, 1, 1, 1, 1, 2, 1, 1 };
	const struct fleet_terms terms = terms_of(1, 5);
	struct fleet_run r;

	(void)state;
	fleet_oracle(&terms, need, 20, 1, &r);
	/* The first: four units. The second: from step 0 on, and from 16 on. */
	assert_close(r.instance_steps, 4 * 5 + 5 + 5, 0);
	assert_int_equal(r.running[2], 2);
	assert_int_equal(r.running[5], 1);
	free(r.running);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			one_ends_only_before_the_decision_that_would_be_too_late),
		cmocka_unit_test(a_unit_that_ends_with_the_decision_ends_then),
		cmocka_unit_test(those_nearest_to_the_end_of_their_unit_go_first),
		cmocka_unit_test(a_launch_is_cancelled_where_it_began),
		cmocka_unit_test(each_ends_once_a_unit),
		cmocka_unit_test(
			what_is_paid_is_whole_units_and_no_less_than_the_minimum),
		cmocka_unit_test(within_the_minimum_none_ends),
		cmocka_unit_test(
			a_launch_within_its_minimum_is_cancelled_or_goes_by_its_end),
		cmocka_unit_test(what_has_begun_adds_up_to_what_is_paid),
		cmocka_unit_test(a_minimum_is_paid_of_what_goes_before),
		cmocka_unit_test(the_optimum_pays_the_minimum),
		cmocka_unit_test(a_unit_that_has_begun_is_paid_for),
		cmocka_unit_test(what_ends_is_told_unless_others_boot),
		cmocka_unit_test(by_the_step_nothing_ends),
		cmocka_unit_test(the_optimum_keeps_what_is_paid_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
