/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "demand_fixture.h"

/* ---------------------------------------------------------------- what it promises */

static void keeps_the_risk_and_sees_the_morning_come(void **state)
{
	static double y[4 * N];
	const struct demand_opts o = opts();
	size_t is_short = 0, mornings = 0, need[4 * N];

	(void)state;
	make_days(y, ARRAY_SIZE(y), 0, 1);
	struct demand_model *m = trained(&o, y, 2 * N);

	for (size_t i = 2 * N; i < 4 * N; i++) {
		feed(m, i, y[i]);
		need[i] = wanted(m);
		if (i < 2 * N + 3)
			continue;

		/* What was asked for a lead time ago serves now, if it was not let go. */
		size_t run = need[i - 3];

		run = MIN(run, MIN(need[i - 2], need[i - 1]));
		is_short += y[i] > 20.0 * (double)run;
		mornings += i % DAY == 96 && y[i] <= 20.0 * (double)run;
	}
	/* The demand jumps fivefold at step 96 of each of ten days. */
	assert_true(mornings >= 9);
	assert_true(is_short <= 2 * 0.01 * 2 * N);
	demand_model_free(m);
}

static void a_higher_level_is_a_higher_quantile_and_is_kept(void **state)
{
	static double y[2 * N];
	const struct demand_opts o = opts();
	size_t inside[3] = { 0 };
	static const double levels[3] = { 0.5, 0.9, 0.99 };
	struct err e;

	(void)state;
	make_days(y, ARRAY_SIZE(y), 0, 2);
	struct demand_model *m = trained(&o, y, N);

	for (size_t i = N; i + 4 < 2 * N; i++) {
		double q[3];
		const double top = fmax(fmax(y[i + 1], y[i + 2]), y[i + 3]);

		feed(m, i, y[i]);
		for (size_t k = 0; k < 3; k++) {
			assert_ok(demand_model_quantile(m, 0, levels[k], q + k, &e), &e);
			inside[k] += top <= q[k];
		}
		assert_true(q[0] <= q[1] && q[1] <= q[2]);
	}
	for (size_t k = 0; k < 3; k++)
		assert_close((double)inside[k] / (N - 4), levels[k], 0.05);
	demand_model_free(m);
}

static void a_lower_risk_asks_for_more(void **state)
{
	static double y[N];
	struct demand_opts o = opts();

	(void)state;
	make_days(y, N, 0, 3);
	struct demand_model *a = trained(&o, y, N);

	o.risk = 0.0005;
	struct demand_model *b = trained(&o, y, N);
	struct demand_decision da, db;

	demand_model_decide(a, 0, &da);
	demand_model_decide(b, 0, &db);
	assert_true(db.level > da.level);
	assert_true(db.needed >= da.needed);
	demand_model_free(a);
	demand_model_free(b);
}

/* ---------------------------------------------------------------- the price */

struct outcome {
	double instance_steps, short_share, kept;
};

/* The last half of the days with what was asked for a lead time ago, if not let go. */
static struct outcome play(const struct demand_opts *o, const double *y, size_t n)
{
	struct demand_model *m = trained(o, y, n / 2);
	struct outcome r = { 0 };
	struct demand_decision d;
	size_t need[2 * N];

	for (size_t i = n / 2; i < n; i++) {
		feed(m, i, y[i]);
		need[i] = wanted(m);
		r.instance_steps += (double)need[i];
		if (i >= n / 2 + 3)
			r.short_share +=
				y[i] >
				o->capacity * (double)MIN(need[i - 3],
							  MIN(need[i - 2], need[i - 1]));
	}
	r.short_share /= (double)(n - n / 2 - 3);
	demand_model_decide(m, 0, &d);
	r.kept = d.short_share;
	demand_model_free(m);
	return r;
}

static void a_higher_price_is_short_for_less_and_costs_as_much_or_more(void **state)
{
	static double y[2 * N];
	struct demand_opts o = opts();
	struct outcome before = { 0, 1, 1 };

	(void)state;
	make_days(y, ARRAY_SIZE(y), 0, 31);
	for (o.price = 0.05; o.price < 100; o.price *= 4) {
		const struct outcome now = play(&o, y, ARRAY_SIZE(y));

		assert_true(now.short_share <= before.short_share);
		assert_true(now.instance_steps >= before.instance_steps);
		before = now;
	}
	assert_true(before.short_share < 0.01);
}

static void a_stated_price_is_not_steered_and_its_share_is_told(void **state)
{
	static double y[N];
	struct demand_opts o = opts();
	struct demand_decision d;
	struct err e;

	(void)state;
	make_days(y, N, 0, 32);
	o.price = 3;
	struct demand_model *m = trained(&o, y, N - 50);

	for (size_t i = N - 50; i < N; i++) {
		feed(m, i, i % 2 ? 30 * y[i] : y[i]); /* short again and again */
		demand_model_decide(m, 0, &d);
		assert_close(d.price, 180, 1e-9);
	}
	assert_true(d.short_share > 0.001);
	assert_ok(demand_model_set_capacity(m, 40, &e), &e);
	demand_model_decide(m, 0, &d);
	assert_close(d.price, 180, 1e-9);
	o.price = -1;
	struct demand_model *none = NULL;

	assert_int_equal(demand_model_new(&o, &none, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "price"));
	demand_model_free(m);
}

/* ---------------------------------------------------------------- promised and kept */

static void bands_are_not_told_before_enough_is_known(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	double kept[DEMAND_BANDS];

	(void)state;
	make_days(y, N, 0, 33);
	struct demand_model *m = trained(&o, y, 60);

	/* 57 targets: ten above 0.8, not above 0.9. */
	demand_model_coverage(m, 0, kept);
	assert_true(kept[0] >= 0 && kept[1] >= 0 && isnan(kept[2]));
	assert_true(isnan(kept[DEMAND_BANDS - 1]));
	demand_model_free(m);
}

static void bands_keep_what_they_promise_at_every_lead_time(void **state)
{
	static double y[2 * N];
	struct demand_opts o = opts();

	(void)state;
	make_days(y, ARRAY_SIZE(y), 0, 34);
	o.n_leads = 3;
	o.lead_steps[1] = 6;
	o.lead_steps[2] = 0;
	struct demand_model *m = trained(&o, y, ARRAY_SIZE(y));

	for (size_t k = 0; k < o.n_leads; k++) {
		double kept[DEMAND_BANDS];

		demand_model_coverage(m, k, kept);
		for (size_t i = 0; i < DEMAND_BANDS; i++)
			assert_close(kept[i], demand_bands[i], 0.05);
	}
	demand_model_free(m);
}

/* The shares are what a caller would count who had written down what was said. */
static void bands_count_what_was_said_at_the_time(void **state)
{
	enum { END = 800, LEAD = 2 };
	static double y[N], said[N];
	const struct demand_opts o = opts();
	double inside = 0, kept[DEMAND_BANDS];
	struct err e;

	(void)state;
	make_days(y, N, 0, 35);
	struct demand_model *m = fresh(&o);

	for (size_t i = 0; i < END; i++) {
		feed(m, i, y[i]);
		assert_ok(demand_model_quantile(m, 0, demand_bands[0], said + i, &e), &e);
	}
	for (size_t i = 0; i + LEAD + 1 < END; i++)
		inside +=
			(float)fmax(fmax(y[i + 1], y[i + 2]), y[i + 3]) <= (float)said[i];
	demand_model_coverage(m, 0, kept);
	/* Shorter than the half-life of a week: the plain share. */
	assert_close(kept[0], inside / (END - LEAD - 1), 1e-9);
	demand_model_free(m);
}

/* ---------------------------------------------------------------- invariances */

static void scaling_demand_and_capacity_changes_nothing(void **state)
{
	static double y[N], z[N];
	struct demand_opts o = opts(), p = opts();

	(void)state;
	make_days(y, N, 0, 4);
	for (int power = -60; power <= 60; power += 30) {
		for (size_t i = 0; i < N; i++)
			z[i] = ldexp(y[i], power);
		p.capacity = ldexp(o.capacity, power);
		struct demand_model *a = trained(&o, y, N - 100),
				    *b = trained(&p, z, N - 100);

		for (size_t i = N - 100; i < N; i++) {
			feed(a, i, y[i]);
			feed(b, i, z[i]);
			assert_int_equal(wanted(a), wanted(b));
		}
		demand_model_free(a);
		demand_model_free(b);
	}
}

static void shifting_time_shifts_the_decisions(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	struct demand_model *a, *b = fresh(&o);
	const int64_t later = 3 * 3600000;
	struct err e;

	(void)state;
	make_days(y, N, 0, 5);
	a = trained(&o, y, N - 50);
	assert_ok(demand_model_train(b, y, N - 50, MONDAY_MS + later, &e), &e);
	for (size_t i = N - 50; i < N; i++) {
		feed(a, i, y[i]);
		assert_ok(demand_model_update(b, MONDAY_MS + later + (int64_t)i * STEP_MS,
					      y[i], &e),
			  &e);
		assert_int_equal(wanted(a), wanted(b));
	}
	demand_model_free(a);
	demand_model_free(b);
}

static void another_future_changes_no_earlier_decision(void **state)
{
	static double y[N], z[N];
	const struct demand_opts o = opts();

	(void)state;
	make_days(y, N, 0, 6);
	memcpy(z, y, sizeof(z));
	for (size_t i = N - 40; i < N; i++)
		z[i] = 50 * y[i];
	struct demand_model *a = trained(&o, y, N - 100), *b = trained(&o, z, N - 100);
	bool differs = false;

	for (size_t i = N - 100; i < N; i++) {
		feed(a, i, y[i]);
		feed(b, i, z[i]);
		if (i < N - 40)
			assert_int_equal(wanted(a), wanted(b));
		differs |= wanted(a) != wanted(b);
	}
	assert_true(differs);
	demand_model_free(a);
	demand_model_free(b);
}

/* ---------------------------------------------------------------- state */

static void a_loaded_model_goes_on_as_the_saved_one(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	struct demand_model *b = NULL;
	struct demand_decision d;
	size_t len;
	struct err e;

	(void)state;
	make_days(y, N, 0, 16);
	struct demand_model *a = trained(&o, y, N - 100);
	void *bytes = bytes_of(a, &len);

	assert_ok(demand_model_load(bytes, len, &b, &e), &e);
	demand_model_decide(b, 0, &d);
	for (size_t i = N - 100; i < N; i++) {
		feed(a, i, y[i]);
		feed(b, i, y[i]);
	}
	assert_same_bytes(a, b);
	free(bytes);
	demand_model_free(a);
	demand_model_free(b);
}

static void a_model_without_a_sample_is_saved_too(void **state)
{
	const struct demand_opts o = opts();
	struct demand_model *a = fresh(&o), *b = NULL;
	struct demand_decision d;
	size_t len;
	void *bytes = bytes_of(a, &len);
	struct err e;

	(void)state;
	assert_ok(demand_model_load(bytes, len, &b, &e), &e);
	demand_model_decide(b, 0, &d);
	assert_int_equal(d.instances, 1);
	assert_int_equal(d.reason, DEMAND_NO_SAMPLE);
	free(bytes);
	demand_model_free(a);
	demand_model_free(b);
}

static void damaged_state_is_refused(void **state)
{
	const struct demand_opts o = opts();
	struct demand_model *m = fresh(&o), *b = NULL;
	size_t len;
	unsigned char *bytes = bytes_of(m, &len);
	struct err e;

	(void)state;
	assert_int_equal(demand_model_load(bytes, 10, &b, &e), ERR_PROTO);
	assert_int_equal(demand_model_load(bytes, len - 1, &b, &e), ERR_PROTO);
	bytes[len / 2] ^= 1;
	assert_int_equal(demand_model_load(bytes, len, &b, &e), ERR_PROTO);
	bytes[len / 2] ^= 1;
	bytes[4] ^= 64; /* the version */
	assert_int_equal(demand_model_load(bytes, len, &b, &e), ERR_PROTO);
	assert_non_null(strstr(e.msg, "version"));
	bytes[0] ^= 1;
	assert_int_equal(demand_model_load(bytes, len, &b, &e), ERR_PROTO);
	assert_null(b);
	free(bytes);
	demand_model_free(m);
}

static void a_week_of_minutes_fits_in_64_kb_with_both_lead_times(void **state)
{
	struct demand_opts o = opts();

	(void)state;
	o.step_ms = 60000;
	o.n_leads = 2;
	o.lead_steps[0] = 3;
	o.lead_steps[1] = 13;
	struct demand_model *m = fresh(&o);

	assert_true(demand_model_size(m) < 64 * 1024);
	demand_model_free(m);
}

static void assert_same_answers(const struct demand_model *a, size_t k,
				const struct demand_model *b)
{
	struct demand_decision x, y;
	struct err e;

	demand_model_decide(a, k, &x);
	demand_model_decide(b, 0, &y);
	assert_int_equal(x.needed, y.needed);
	assert_int_equal(x.instances, y.instances);
	assert_int_equal(x.fallback_level, y.fallback_level);
	assert_int_equal(x.reason, y.reason);
	assert_true(x.shift_ms == y.shift_ms && x.shift_ratio == y.shift_ratio);
	assert_true(x.median == y.median && x.upper == y.upper && x.level == y.level);
	assert_true(x.price == y.price && x.short_share == y.short_share);
	for (double level = 0.01; level < 1; level += 0.07) {
		assert_ok(demand_model_quantile(a, k, level, &x.upper, &e), &e);
		assert_ok(demand_model_quantile(b, 0, level, &y.upper, &e), &e);
		assert_true(x.upper == y.upper);
	}
}

/* Gaps, a clock change and bursts included: bit for bit. */
static void what_it_says_of_a_lead_time_does_not_depend_on_the_others(void **state)
{
	static const size_t leads[] = { 2, 0, 11, 40 };
	static double y[2 * N];
	struct demand_model *one[ARRAY_SIZE(leads)];
	struct demand_opts o = opts();

	(void)state;
	make_days(y, ARRAY_SIZE(y), 0, 21);
	for (size_t i = 100; i < N; i += 97)
		y[i] = i % 2 ? NAN : 5 * y[i];
	for (size_t k = 0; k < ARRAY_SIZE(leads); k++) {
		o.lead_steps[0] = leads[k];
		one[k] = trained(&o, y, N);
	}
	o.n_leads = ARRAY_SIZE(leads);
	memcpy(o.lead_steps, leads, sizeof(leads));
	struct demand_model *all = trained(&o, y, N);

	for (size_t i = N; i < 2 * N; i++) {
		const bool known = i % 500 > 30;

		for (size_t k = 0; k < ARRAY_SIZE(leads); k++) {
			demand_model_set_offset(one[k], i > N + DAY ? 3600 : 0);
			if (known)
				feed(one[k], i, y[i]);
		}
		demand_model_set_offset(all, i > N + DAY ? 3600 : 0);
		if (known)
			feed(all, i, y[i]);
		for (size_t k = 0; k < ARRAY_SIZE(leads); k++)
			assert_same_answers(all, k, one[k]);
	}
	for (size_t k = 0; k < ARRAY_SIZE(leads); k++)
		demand_model_free(one[k]);
	demand_model_free(all);
}

static void twice_the_capacity_needs_half_the_instances(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	struct err e;

	(void)state;
	make_days(y, N, 0, 18);
	struct demand_model *m = trained(&o, y, N - 130); /* at noon */
	struct demand_decision a, b;

	demand_model_decide(m, 0, &a);
	assert_ok(demand_model_set_capacity(m, 40, &e), &e);
	demand_model_decide(m, 0, &b);
	assert_close((double)b.needed, (double)a.needed / 2, 0.05 * (double)a.needed + 1);
	assert_int_equal(demand_model_set_capacity(m, 0, &e), ERR_INVAL);
	demand_model_free(m);
}

static void wrong_options_are_named(void **state)
{
	struct demand_opts o;
	struct demand_model *m = NULL;
	struct err e;

	(void)state;
	o = opts();
	o.step_ms = 10;
	assert_int_equal(demand_model_new(&o, &m, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "step"));
	o = opts();
	o.risk = 0;
	assert_int_equal(demand_model_new(&o, &m, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "risk"));
	o = opts();
	o.capacity = NAN;
	assert_int_equal(demand_model_new(&o, &m, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "capacity"));
	o = opts();
	o.lead_steps[0] = 1000;
	assert_int_equal(demand_model_new(&o, &m, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "lead"));
	o = opts();
	o.n_leads = DEMAND_LEADS_MAX + 1;
	assert_int_equal(demand_model_new(&o, &m, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "lead"));
	assert_null(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_risk_and_sees_the_morning_come),
		cmocka_unit_test(a_higher_level_is_a_higher_quantile_and_is_kept),
		cmocka_unit_test(a_lower_risk_asks_for_more),
		cmocka_unit_test(
			a_higher_price_is_short_for_less_and_costs_as_much_or_more),
		cmocka_unit_test(a_stated_price_is_not_steered_and_its_share_is_told),
		cmocka_unit_test(bands_are_not_told_before_enough_is_known),
		cmocka_unit_test(bands_keep_what_they_promise_at_every_lead_time),
		cmocka_unit_test(bands_count_what_was_said_at_the_time),
		cmocka_unit_test(scaling_demand_and_capacity_changes_nothing),
		cmocka_unit_test(shifting_time_shifts_the_decisions),
		cmocka_unit_test(another_future_changes_no_earlier_decision),
		cmocka_unit_test(a_loaded_model_goes_on_as_the_saved_one),
		cmocka_unit_test(a_model_without_a_sample_is_saved_too),
		cmocka_unit_test(damaged_state_is_refused),
		cmocka_unit_test(a_week_of_minutes_fits_in_64_kb_with_both_lead_times),
		cmocka_unit_test(
			what_it_says_of_a_lead_time_does_not_depend_on_the_others),
		cmocka_unit_test(twice_the_capacity_needs_half_the_instances),
		cmocka_unit_test(wrong_options_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
