/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "demand_fixture.h"

/* ---------------------------------------------------------------- what it promises */

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
	struct demand_view v;
	const struct demand_opts o = opts();

	(void)state;
	make_days(y, N, 0, 4);
	for (int power = -60; power <= 60; power += 30) {
		for (size_t i = 0; i < N; i++)
			z[i] = ldexp(y[i], power);
		struct demand_model *a = trained(&o, y, N - 100),
				    *b = trained(&o, z, N - 100);

		for (size_t i = N - 100; i < N; i++) {
			feed(a, i, y[i]);
			feed(b, i, z[i]);
			v = view_of(b, 0);
			assert_int_equal(wanted(a),
					 demand_view_instances(&v, ldexp(CAPACITY, power),
							       PRICE, NULL));
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
	assert_ok(demand_model_train(b, y, N - 50, MONDAY_MS + later, NULL, &e), &e);
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
	size_t len;
	struct err e;

	(void)state;
	make_days(y, N, 0, 16);
	struct demand_model *a = trained(&o, y, N - 100);
	void *bytes = bytes_of(a, &len);

	assert_ok(demand_model_load(bytes, len, &b, &e), &e);
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
	struct demand_view v;
	size_t len;
	void *bytes = bytes_of(a, &len);
	struct err e;

	(void)state;
	assert_ok(demand_model_load(bytes, len, &b, &e), &e);
	assert_int_equal(demand_model_view(b, 0, &v, &e), ERR_NOT_FOUND);
	assert_true(isnan(demand_model_latest(b)));
	assert_int_equal(source_of(b).reason, DEMAND_NO_SAMPLE);
	free(bytes);
	demand_model_free(a);
	demand_model_free(b);
}

/* What training tells is what feeding the same would have shown, bit by bit. */
static void training_tells_what_was_forecast_at_each_step(void **state)
{
	enum { FIRST = 5, END = 900 };
	static double y[N];
	static struct demand_point said[2 * END];
	struct demand_opts o = opts();
	struct demand_model *a, *b;
	struct err e;

	(void)state;
	make_days(y, N, 0, 19);
	for (size_t i = 0; i < FIRST; i++) {
		y[i] = NAN;
		said[i].mid = -1;
	}
	o.n_leads = 2;
	o.lead_steps[1] = 7;
	a = fresh(&o);
	b = fresh(&o);
	assert_ok(demand_model_train(a, y, END, MONDAY_MS, said, &e), &e);
	assert_close(said[0].mid, -1, 0);
	for (size_t i = FIRST; i < END; i++) {
		feed(b, i, y[i]);
		for (size_t k = 0; k < 2; k++) {
			const struct demand_view v = view_of(b, k);

			assert_close(said[k * END + i].mid, (double)(float)v.mid, 0);
			assert_close(said[k * END + i].sigma, (double)(float)v.sigma, 0);
		}
	}
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

static void assert_same_answers(const struct demand_model *a, size_t k,
				const struct demand_model *b)
{
	const struct demand_view v = view_of(a, k), w = view_of(b, 0);
	const struct demand_source y = source_of(b);
	struct demand_source x;

	demand_model_source(a, k, &x);
	assert_int_equal(x.fallback_level, y.fallback_level);
	assert_int_equal(x.reason, y.reason);
	assert_true(x.shift_ms == y.shift_ms && x.shift_ratio == y.shift_ratio);
	assert_true(v.mid == w.mid && v.sigma == w.sigma && v.most == w.most);
	for (double level = 0.01; level < 1; level += 0.07)
		assert_true(demand_view_quantile(&v, level) ==
			    demand_view_quantile(&w, level));
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
	o.prior_swing = NAN;
	assert_int_equal(demand_model_new(&o, &m, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "swing"));
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
		cmocka_unit_test(a_higher_level_is_a_higher_quantile_and_is_kept),
		cmocka_unit_test(bands_are_not_told_before_enough_is_known),
		cmocka_unit_test(bands_keep_what_they_promise_at_every_lead_time),
		cmocka_unit_test(bands_count_what_was_said_at_the_time),
		cmocka_unit_test(scaling_demand_and_capacity_changes_nothing),
		cmocka_unit_test(shifting_time_shifts_the_decisions),
		cmocka_unit_test(another_future_changes_no_earlier_decision),
		cmocka_unit_test(a_loaded_model_goes_on_as_the_saved_one),
		cmocka_unit_test(a_model_without_a_sample_is_saved_too),
		cmocka_unit_test(training_tells_what_was_forecast_at_each_step),
		cmocka_unit_test(damaged_state_is_refused),
		cmocka_unit_test(
			what_it_says_of_a_lead_time_does_not_depend_on_the_others),
		cmocka_unit_test(wrong_options_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
