/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "test.h"
#include "uplift.h"

#include <math.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define STEP_MS (HOUR_MS / 4)
#define STEPS 96 /* a day */
#define DAYS 120
#define RUNS 8000
#define T0_MS (INT64_C(20000) * DAY_MS)

struct world {
	double y[DAYS * STEPS];
	struct uplift_series s;
	struct uplift_span spans[8];
	size_t n_spans;
};

/* The same numbers everywhere: a seed, not the library's generator. */
static double noise(uint64_t *seed)
{
	double sum = 0;

	for (int i = 0; i < 12; i++) {
		*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		sum += (double)(*seed >> 40) / (double)(1 << 24);
	}
	return sum - 6; /* about standard normal */
}

/* A day with a bow, quieter weekends, growth, and 5 % of noise. */
static void make_world(struct world *w, int64_t step_ms)
{
	const size_t per_day = (size_t)(DAY_MS / step_ms);
	uint64_t seed = 42;

	memset(w, 0, sizeof(*w));
	w->s = (struct uplift_series){
		.y = w->y, .n = DAYS * per_day, .t0_ms = T0_MS, .step_ms = step_ms
	};
	for (size_t i = 0; i < w->s.n; i++) {
		const double day = (double)i / (double)per_day;
		const double bow = 2 - cos(2 * M_PI * day);

		w->y[i] = 100 * bow * (1 + day / 200) * ((size_t)day % 7 < 2 ? 0.6 : 1) *
			  (1 + 0.05 * noise(&seed));
	}
}

/* From an hour of a day on, as long, the demand is u times what it was. */
static void add_event(struct world *w, int day, double hour, double hours, double u)
{
	struct uplift_span *s = &w->spans[w->n_spans++];

	s->start_ms = T0_MS + day * DAY_MS + (int64_t)(hour * (double)HOUR_MS);
	s->end_ms = s->start_ms + (int64_t)(hours * (double)HOUR_MS);
	for (size_t i = 0; i < w->s.n; i++) {
		const int64_t t = w->s.t0_ms + (int64_t)i * w->s.step_ms;
		const int64_t a = MAX(t, s->start_ms),
			      b = MIN(t + w->s.step_ms, s->end_ms);

		if (b > a)
			w->y[i] *= 1 + (u - 1) * (double)(b - a) / (double)w->s.step_ms;
	}
}

static struct uplift_measure measure(const struct world *w, size_t i)
{
	struct uplift_measure m = { 0 };
	struct err e;

	assert_ok(uplift_measure(&w->s, &w->spans[i], w->spans, w->n_spans, &m, &e), &e);
	return m;
}

static void an_event_is_measured_against_the_same_hours_of_other_weeks(void **state)
{
	static struct world w;
	struct uplift_measure m;

	(void)state;
	make_world(&w, STEP_MS);
	add_event(&w, 60, 8, 14, 2.4);
	m = measure(&w, 0);
	assert_close(exp(m.log_ratio), 2.4, 0.1);
	assert_true(m.error > 0.01 && m.error < 0.15);
	assert_int_equal(m.days, 8);
}

static void three_past_events_tell_the_next_within_a_tenth(void **state)
{
	static struct world w;
	struct uplift_measure m[3];
	struct uplift u;

	(void)state;
	make_world(&w, STEP_MS);
	add_event(&w, 40, 8, 14, 2.3);
	add_event(&w, 70, 8, 14, 2.4);
	add_event(&w, 100, 8, 14, 2.5);
	for (size_t i = 0; i < 3; i++)
		m[i] = measure(&w, i);
	u = uplift_learned(m, 3);
	assert_int_equal(u.n, 3);
	assert_close(u.mid, 2.4, 0.24);
	assert_true(u.low < 2.3 && u.high > 2.5);
	assert_true(u.high / u.low < 3.5);
}

/* The share of next occurrences that lie in the interval that n of them tell. */
static double held(size_t n, double differ)
{
	uint64_t seed = 7;
	int inside = 0;

	for (int run = 0; run < RUNS; run++) {
		struct uplift_measure m[5];
		struct uplift u;
		double next;

		for (size_t i = 0; i < n; i++)
			m[i] = (struct uplift_measure){ log(2.5) + differ * noise(&seed) +
								0.08 * noise(&seed),
							0.08, 8 };
		u = uplift_learned(m, n);
		next = 2.5 * exp(differ * noise(&seed));
		inside += next >= u.low && next <= u.high;
	}
	return (double)inside / RUNS;
}

static void the_next_occurrence_is_in_the_interval_as_often_as_it_says(void **state)
{
	static const size_t after[] = { 1, 2, 5 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(after); i++) {
		assert_close(held(after[i], 0.5), 0.9, 0.03);
		assert_true(held(after[i], 0.2) > 0.92);
	}
}

static void one_occurrence_is_not_a_tenfold_reserve(void **state)
{
	const struct uplift_measure one = { log(2.5), 0.05, 8 };
	const struct uplift u = uplift_learned(&one, 1);

	(void)state;
	assert_true(u.mid > 2 && u.mid < 2.5);
	assert_true(u.high / u.mid < 3.5);
	assert_true(uplift_quantile(&u, 100, 100, UPLIFT_LEVEL) < 260 * u.mid);
}

static void little_evidence_stays_nearer_to_no_effect_and_wider(void **state)
{
	const struct uplift_measure one = { log(3), 0.3, 1 };
	const struct uplift_measure many[] = { { log(3), 0.1, 8 },
					       { log(3), 0.1, 8 },
					       { log(3), 0.1, 8 },
					       { log(3), 0.1, 8 },
					       { log(3), 0.1, 8 } };
	struct uplift a = uplift_learned(&one, 1), b = uplift_learned(many, 5);

	(void)state;
	assert_true(a.mid > 1.5 && a.mid < 2.7);
	assert_true(b.mid > 2.85 && b.mid < 3);
	assert_true(a.high / a.low > 2 * b.high / b.low);
	assert_true(a.low < a.mid && a.mid < a.high);
}

static void without_past_events_nothing_is_expected(void **state)
{
	struct uplift u = uplift_learned(NULL, 0);

	(void)state;
	assert_close(u.mid, 1, 0);
	assert_close(u.high, 1, 0);
	assert_int_equal(u.n, 0);
}

static void a_shifted_level_is_not_taken_for_an_event(void **state)
{
	static struct world w;

	(void)state;
	make_world(&w, STEP_MS);
	for (size_t i = 55 * STEPS; i < w.s.n; i++)
		w.y[i] *= 3;
	add_event(&w, 60, 8, 14, 1);
	assert_close(exp(measure(&w, 0).log_ratio), 1, 0.1);
}

static void a_broken_week_among_the_compared_does_no_harm(void **state)
{
	static struct world w;

	(void)state;
	make_world(&w, STEP_MS);
	add_event(&w, 60, 8, 14, 2);
	for (size_t i = 53 * STEPS; i < 54 * STEPS; i++)
		w.y[i] = 1e6;
	for (size_t i = 67 * STEPS; i < 68 * STEPS; i++)
		w.y[i] = 0;
	assert_close(exp(measure(&w, 0).log_ratio), 2, 0.12);
}

static void scaling_the_demand_changes_no_uplift(void **state)
{
	static struct world w;
	struct uplift_measure a, b;

	(void)state;
	make_world(&w, STEP_MS);
	add_event(&w, 60, 8, 14, 2.4);
	a = measure(&w, 0);
	for (size_t i = 0; i < w.s.n; i++)
		w.y[i] *= 1e-9;
	b = measure(&w, 0);
	assert_close(a.log_ratio, b.log_ratio, 1e-9);
	assert_close(a.error, b.error, 1e-9);
}

static void an_event_shorter_than_a_step_is_measured_by_its_share(void **state)
{
	static struct world w;

	(void)state;
	make_world(&w, HOUR_MS);
	add_event(&w, 60, 12.25, 0.5, 5);
	assert_close(exp(measure(&w, 0).log_ratio), 5, 0.8);
}

static void an_event_just_over_is_measured_by_the_past_alone(void **state)
{
	static struct world w;

	(void)state;
	make_world(&w, STEP_MS);
	add_event(&w, 60, 8, 14, 2.4);
	w.s.n = 60 * STEPS + 22 * 4;
	assert_close(exp(measure(&w, 0).log_ratio), 2.4, 0.15);
	assert_int_equal(measure(&w, 0).days, 4);
}

static void days_do_when_there_are_no_weeks(void **state)
{
	static struct world w;
	struct uplift_measure m;

	(void)state;
	make_world(&w, STEP_MS);
	add_event(&w, 61, 8, 6, 2);
	w.s.y += 58 * STEPS;
	w.s.n = 5 * STEPS;
	w.s.t0_ms += 58 * DAY_MS;
	m = measure(&w, 0);
	assert_true(exp(m.log_ratio) > 1.5 && exp(m.log_ratio) < 2.6);
}

static void another_event_on_the_same_day_is_left_out(void **state)
{
	static struct world w;

	(void)state;
	make_world(&w, STEP_MS);
	add_event(&w, 60, 8, 8, 2);
	add_event(&w, 60, 12, 8, 10);
	add_event(&w, 67, 8, 14, 7);
	assert_close(exp(measure(&w, 0).log_ratio), 2, 0.15);
}

static void what_cannot_be_measured_is_said(void **state)
{
	static struct world w;
	struct uplift_measure m;
	struct uplift_span covers[2];
	struct err e;

	(void)state;
	make_world(&w, STEP_MS);
	add_event(&w, 119, 8, 24, 2);
	assert_int_equal(uplift_measure(&w.s, w.spans, w.spans, 1, &m, &e),
			 ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "not recorded for all of it"));
	covers[0] = (struct uplift_span){ T0_MS + 60 * DAY_MS, T0_MS + 61 * DAY_MS };
	covers[1] = (struct uplift_span){ T0_MS + 59 * DAY_MS, T0_MS + 62 * DAY_MS };
	assert_int_equal(uplift_measure(&w.s, covers, covers, 2, &m, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "other events"));
	w.s.y += 60 * STEPS;
	w.s.t0_ms = covers[0].start_ms;
	w.s.n = STEPS;
	assert_int_equal(uplift_measure(&w.s, covers, covers, 1, &m, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "compare"));
}

static void days_are_the_local_clocks(void **state)
{
	static struct world w;
	CLEANUP(tz_free) struct tz *zone = NULL;
	struct err e;
	int64_t change = INT64_C(1743296400000); /* 2025-03-30 01:00Z, Stockholm */

	(void)state;
	assert_ok(tz_open("Europe/Stockholm", &zone, &e), &e);
	make_world(&w, STEP_MS);
	w.s.zone = zone;
	w.s.t0_ms = change - 60 * DAY_MS - HOUR_MS;
	/* Every day from 09:00 to 10:00 of the clock there are a thousand more. */
	for (size_t i = 0; i < w.s.n; i++) {
		struct tz_civil c;

		tz_civil(zone, w.s.t0_ms + (int64_t)i * STEP_MS, &c);
		w.y[i] = c.minute >= 540 && c.minute < 600 ? 1100 : 100;
	}
	w.spans[0].start_ms =
		tz_unix_ms(zone, (tz_day_number(2025, 3, 31) * 24 + 9) * HOUR_MS);
	w.spans[0].end_ms = w.spans[0].start_ms + HOUR_MS;
	w.n_spans = 1;
	for (size_t i = 0; i < w.s.n; i++) {
		const int64_t t = w.s.t0_ms + (int64_t)i * STEP_MS;

		if (t >= w.spans[0].start_ms && t < w.spans[0].end_ms)
			w.y[i] *= 2;
	}
	assert_close(exp(measure(&w, 0).log_ratio), 2, 0.02);
}

/* ---------------------------------------------------------------- using */

static const struct uplift_event two[] = {
	{ { 10 * HOUR_MS, 20 * HOUR_MS }, { 2, 2, 2, 0, 0 } },
	{ { 15 * HOUR_MS, 25 * HOUR_MS }, { 3, 2, 4.5, 0.2, 4 } },
};

static void overlapping_events_multiply(void **state)
{
	double u[30];

	(void)state;
	uplift_factors(two, 2, 0, HOUR_MS, u, 30);
	assert_close(u[9], 1, 0);
	assert_close(u[10], 2, 0);
	assert_close(u[15], 6, 1e-12);
	assert_close(u[19], 6, 1e-12);
	assert_close(u[20], 3, 1e-12);
	assert_close(u[25], 1, 0);
}

static void a_step_has_the_uplift_of_the_share_that_is_covered(void **state)
{
	const struct uplift_event e = { { HOUR_MS, HOUR_MS + HOUR_MS / 4 },
					{ 5, 5, 5, 0, 0 } };
	double u[3];

	(void)state;
	uplift_factors(&e, 1, 0, HOUR_MS, u, 3);
	assert_close(u[0], 1, 0);
	assert_close(u[1], 2, 1e-12);
	assert_close(u[2], 1, 0);
}

static void the_largest_within_a_time_counts(void **state)
{
	(void)state;
	assert_close(uplift_within(two, 2, 0, 10 * HOUR_MS).mid, 1, 0);
	assert_close(uplift_within(two, 2, 0, 10 * HOUR_MS + 1).mid, 2, 1e-12);
	assert_close(uplift_within(two, 2, 0, 30 * HOUR_MS).mid, 6, 1e-12);
	assert_close(uplift_within(two, 2, 20 * HOUR_MS, 30 * HOUR_MS).mid, 3, 1e-12);
	assert_int_equal(uplift_within(two, 2, 0, 30 * HOUR_MS).n, 4);
	assert_close(uplift_within(two, 2, 25 * HOUR_MS, 30 * HOUR_MS).mid, 1, 0);
}

static void a_quiet_event_lowers_only_a_time_that_it_fills(void **state)
{
	const struct uplift_event e = { { 10 * HOUR_MS, 20 * HOUR_MS },
					{ 0.5, 0.5, 0.5, 0, 0 } };

	(void)state;
	assert_close(uplift_within(&e, 1, 9 * HOUR_MS, 12 * HOUR_MS).mid, 1, 0);
	assert_close(uplift_within(&e, 1, 12 * HOUR_MS, 14 * HOUR_MS).mid, 0.5, 1e-12);
	assert_close(uplift_within(&e, 1, 19 * HOUR_MS, 22 * HOUR_MS).mid, 1, 0);
}

static void an_unsure_uplift_widens_the_band(void **state)
{
	const struct uplift sure = uplift_given(2);
	const struct uplift unsure = { 2, 1.4, 2.8, 0.2, 2 };

	(void)state;
	assert_close(uplift_quantile(&sure, 100, 150, 0.95), 300, 1e-9);
	assert_true(uplift_quantile(&unsure, 100, 150, 0.95) > 320);
	assert_true(uplift_quantile(&unsure, 100, 150, 0.95) < 2.8 * 150);
	assert_close(uplift_quantile(&unsure, 100, 100, 0.5), 200, 1e-9);
	assert_true(uplift_quantile(&unsure, 100, 60, 0.05) < 120);
	assert_close(uplift_quantile(&unsure, 0, 0, 0.95), 0, 0);
}

static void uplifts_are_written_as_factors_or_changes(void **state)
{
	static const struct {
		const char *text;
		double u;
	} good[] = { { "2.5", 2.5 },  { "250%", 2.5 }, { "+150%", 2.5 },
		     { "-40%", 0.6 }, { "1", 1 },      { "0.3", 0.3 } };
	static const char *const bad[] = { "",     "x",   "+2",    "-1", "0",
					   "1000", "nan", "-100%", "2,5" };
	struct err e;
	double u;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_ok(uplift_parse(good[i].text, &u, &e), &e);
		assert_close(u, good[i].u, 1e-12);
	}
	assert_ok(uplift_parse("learn", &u, &e), &e);
	assert_true(isnan(u));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(uplift_parse(bad[i], &u, &e), ERR_INVAL);
		assert_non_null(strstr(e.msg, "uplift = "));
	}
}

static void a_forecast_is_raised_in_its_events_alone(void **state)
{
	const double levels[] = { 0.1, 0.5, 0.9 };
	double mean[] = { 10, 10, 10 };
	double q[] = { 8, 8, 8, 10, 10, 10, 13, 13, 13 };
	const struct uplift_event e = { { HOUR_MS, 2 * HOUR_MS },
					{ 2, 1.4, 2.8, 0.2, 2 } };

	(void)state;
	uplift_forecast(&e, 1, 0, HOUR_MS, levels, 3, mean, q, 3);
	assert_close(mean[0], 10, 0);
	assert_close(mean[1], 20, 1e-9);
	assert_close(q[4], 20, 1e-9);
	assert_true(q[1] < 16 && q[7] > 26);
	assert_close(q[8], 13, 0);
}

/* However many are announced for one time: demand is divided by what they did. */
static void crowds_of_events_leave_numbers_that_can_be_divided_by(void **state)
{
	static struct uplift_event e[400];
	double u;

	(void)state;
	for (size_t i = 0; i < 400; i++)
		e[i] = (struct uplift_event){ { 0, HOUR_MS }, uplift_given(0.02) };
	uplift_factors(e, 400, 0, HOUR_MS, &u, 1);
	assert_true(u > 1e-6);
	assert_true(uplift_within(e, 400, 0, HOUR_MS).mid > 1e-6);
	for (size_t i = 0; i < 400; i++)
		e[i].u = uplift_given(50);
	uplift_factors(e, 400, 0, HOUR_MS, &u, 1);
	assert_true(u < 1e6);
	assert_true(uplift_within(e, 400, 0, HOUR_MS).high < 1e6);
}

static void what_meets_under_one_name_is_one_event(void **state)
{
	struct uplift_named v[] = {
		{ .name = "sale", .span = { 50, 60 } },
		{ .name = "fair", .span = { 5, 45 } },
		{ .name = "sale", .span = { 20, 40 } },
		{ .name = "sale", .span = { 10, 30 } },
		{ .name = "sale", .span = { 40, 41 } },
		{ .name = "sale", .span = { 12, 13 } },
	};

	(void)state;
	assert_int_equal(uplift_join(v, 0), 0);
	assert_int_equal(uplift_join(v, ARRAY_SIZE(v)), 3);
	assert_string_equal(v[0].name, "fair");
	assert_int_equal(v[0].span.end_ms, 45);
	assert_int_equal(v[1].span.start_ms, 10);
	assert_int_equal(v[1].span.end_ms, 41);
	assert_int_equal(v[2].span.start_ms, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_meets_under_one_name_is_one_event),
		cmocka_unit_test(
			an_event_is_measured_against_the_same_hours_of_other_weeks),
		cmocka_unit_test(three_past_events_tell_the_next_within_a_tenth),
		cmocka_unit_test(
			the_next_occurrence_is_in_the_interval_as_often_as_it_says),
		cmocka_unit_test(one_occurrence_is_not_a_tenfold_reserve),
		cmocka_unit_test(little_evidence_stays_nearer_to_no_effect_and_wider),
		cmocka_unit_test(without_past_events_nothing_is_expected),
		cmocka_unit_test(a_shifted_level_is_not_taken_for_an_event),
		cmocka_unit_test(a_broken_week_among_the_compared_does_no_harm),
		cmocka_unit_test(scaling_the_demand_changes_no_uplift),
		cmocka_unit_test(an_event_shorter_than_a_step_is_measured_by_its_share),
		cmocka_unit_test(an_event_just_over_is_measured_by_the_past_alone),
		cmocka_unit_test(days_do_when_there_are_no_weeks),
		cmocka_unit_test(another_event_on_the_same_day_is_left_out),
		cmocka_unit_test(what_cannot_be_measured_is_said),
		cmocka_unit_test(days_are_the_local_clocks),
		cmocka_unit_test(overlapping_events_multiply),
		cmocka_unit_test(crowds_of_events_leave_numbers_that_can_be_divided_by),
		cmocka_unit_test(a_step_has_the_uplift_of_the_share_that_is_covered),
		cmocka_unit_test(the_largest_within_a_time_counts),
		cmocka_unit_test(a_quiet_event_lowers_only_a_time_that_it_fills),
		cmocka_unit_test(an_unsure_uplift_widens_the_band),
		cmocka_unit_test(uplifts_are_written_as_factors_or_changes),
		cmocka_unit_test(a_forecast_is_raised_in_its_events_alone),
	};

	return cmocka_run_group_tests_name("uplift", tests, NULL, NULL);
}
