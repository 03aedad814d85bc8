/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autoreg.h"
#include "forecast.h"
#include "period.h"

#include "check.h"
#include "test.h"

#include <string.h>

/* Box and Jenkins, Time Series Analysis: Forecasting and Control, series G:
 * international airline passengers, thousands a month, 1949 to 1960. */
static const double airline[144] = {
	112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135,
	125, 149, 170, 170, 158, 133, 114, 140, 145, 150, 178, 163, 172, 178, 199, 199,
	184, 162, 146, 166, 171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194,
	196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201, 204, 188, 235, 227,
	234, 264, 302, 293, 259, 229, 203, 229, 242, 233, 267, 269, 270, 315, 364, 347,
	312, 274, 237, 278, 284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306,
	315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336, 340, 318, 362, 348,
	363, 435, 491, 505, 404, 359, 310, 337, 360, 342, 406, 396, 420, 472, 548, 559,
	463, 407, 362, 405, 417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
};
static const double levels[] = { 0.025, 0.1, 0.5, 0.9, 0.975 };

static struct horizon_opts opts(size_t h, size_t day, size_t week)
{
	return (struct horizon_opts){
		.h = h, .seasons = { day, week }, .levels = levels, .n_levels = 5
	};
}

/* A day of 24 steps and a week, with a little deterministic noise. */
static void make_week(double *y, size_t n)
{
	unsigned seed = 1;

	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		y[i] = (100 + 60 * sin(2 * M_PI * (double)i / 24)) *
			       (i / 24 % 7 >= 5 ? 0.5 : 1) +
		       (double)(seed >> 16) / 65536 * 4;
	}
}

static void an_autoregression_finds_the_coefficients_of_its_recurrence(void **state)
{
	struct autoreg a = { 0 };
	double x[400] = { 1, 2 };
	unsigned seed = 7;

	(void)state;
	autoreg_add_lag(&a, 2);
	autoreg_add_lag(&a, 1);
	autoreg_add_lag(&a, 1);
	assert_int_equal(a.n_lags, 2);
	for (size_t t = 2; t < 400; t++) {
		seed = seed * 1664525u + 1013904223u;
		x[t] = 3 + 1.5 * x[t - 1] - 0.75 * x[t - 2] +
		       (double)(seed >> 16) / 65536;
	}
	assert_true(autoreg_fit(&a, x, 390, 1e-9));
	assert_close(a.b[0][0], 1.5, 0.05);
	assert_close(a.b[0][1], -0.75, 0.05);

	double y[400];

	memcpy(y, x, sizeof(y));
	autoreg_run(&a, 0, y, 390, 10, -100, 100);
	for (size_t t = 390; t < 400; t++)
		assert_close(y[t], x[t], 1.5);
}

static void a_fold_did_not_see_its_part(void **state)
{
	struct autoreg a = { 0 };
	double x[401];

	(void)state;
	/* Alternates, but for the last quarter, which stands still. */
	for (size_t t = 0; t < 401; t++)
		x[t] = t > 300 || t % 2 ? 1 : -1;
	autoreg_add_lag(&a, 1);
	assert_true(autoreg_fit(&a, x, 401, 1e-9));
	assert_int_equal(autoreg_fold(&a, 350), 4);
	assert_int_equal(autoreg_fold(&a, 5), 1);
	assert_true(a.b[4][0] < a.b[0][0] - 0.1);
	assert_true(a.b[1][0] > a.b[0][0]);
}

static void finds_the_year_of_the_airline_series(void **state)
{
	struct period p[4];
	double x[144];

	(void)state;
	for (size_t i = 0; i < 144; i++)
		x[i] = log(airline[i]);
	assert_true(period_find(x, 144, NULL, 0, p, 4) >= 1);
	for (size_t k = 0; k < 1; k++)
		assert_true(p[k].steps == 12 || p[k].steps == 6);

	struct horizon_opts o = opts(12, 12, 0);
	struct horizon *f = NULL;
	struct err e;
	double model = 0, naive = 0;

	assert_ok(horizon_forecast(airline, 132, &o, &f, &e), &e);
	for (size_t j = 0; j < 12; j++) {
		model += fabs(f->mean[j] / airline[132 + j] - 1) / 12;
		naive += fabs(airline[120 + j] / airline[132 + j] - 1) / 12;
	}
	/* The seasonal naive misses by 9.99 %. */
	assert_close(naive, 0.0999, 5e-4);
	assert_true(model < 0.7 * naive);
	horizon_free(f);
}

static void finds_day_and_week_and_nothing_in_noise(void **state)
{
	static double y[24 * 7 * 8], noise[1000];
	struct period p[4];
	unsigned seed = 3;

	(void)state;
	make_week(y, ARRAY_SIZE(y));
	assert_int_equal(period_find(y, ARRAY_SIZE(y), NULL, 0, p, 2), 2);
	assert_int_equal(p[0].steps, 24);
	assert_int_equal(p[1].steps, 168);
	assert_true(p[0].chance < 1e-3);
	for (size_t i = 0; i < 1000; i++) {
		seed = seed * 1664525u + 1013904223u;
		noise[i] = (double)(seed >> 16);
	}
	assert_int_equal(period_find(noise, 1000, NULL, 0, p, 4), 0);
	memset(noise, 0, sizeof(noise));
	assert_int_equal(period_find(noise, 1000, NULL, 0, p, 4), 0);
}

static void forecasts_a_weekly_series_within_its_bands(void **state)
{
	static double y[24 * 7 * 8];
	struct horizon_opts o = opts(48, 24, 168);
	struct horizon *f = NULL;
	struct err e;
	const size_t n = ARRAY_SIZE(y) - 48;
	size_t inside = 0;

	(void)state;
	make_week(y, ARRAY_SIZE(y));
	assert_ok(horizon_forecast(y, n, &o, &f, &e), &e);
	assert_string_equal(f->method, "autoregression");
	for (size_t j = 0; j < 48; j++) {
		assert_close(f->mean[j], y[n + j], 15);
		inside += y[n + j] >= f->q[j] && y[n + j] <= f->q[4 * 48 + j];
		for (size_t k = 1; k < 5; k++)
			assert_true(f->q[k * 48 + j] >= f->q[(k - 1) * 48 + j]);
	}
	assert_true(inside >= 40);
	horizon_free(f);
}

static void scaling_the_series_scales_the_forecast(void **state)
{
	static double y[24 * 7 * 5], z[24 * 7 * 5];
	struct horizon_opts o = opts(24, 24, 168);
	struct horizon *a = NULL, *b = NULL;
	struct err e;

	(void)state;
	make_week(y, ARRAY_SIZE(y));
	for (size_t i = 0; i < ARRAY_SIZE(y); i++)
		z[i] = y[i] * 1e6;
	assert_ok(horizon_forecast(y, ARRAY_SIZE(y), &o, &a, &e), &e);
	assert_ok(horizon_forecast(z, ARRAY_SIZE(z), &o, &b, &e), &e);
	for (size_t j = 0; j < 24; j++) {
		assert_close(b->mean[j] / (1e6 * a->mean[j]), 1, 1e-6);
		assert_close(b->q[4 * 24 + j] / (1e6 * a->q[4 * 24 + j]), 1, 1e-6);
	}
	horizon_free(a);
	horizon_free(b);
}

static void gaps_are_bridged(void **state)
{
	static double y[24 * 7 * 5];
	struct horizon_opts o = opts(24, 24, 168);
	struct horizon *a = NULL, *b = NULL;
	struct err e;

	(void)state;
	make_week(y, ARRAY_SIZE(y));
	assert_ok(horizon_forecast(y, ARRAY_SIZE(y), &o, &a, &e), &e);
	y[0] = y[300] = y[301] = y[ARRAY_SIZE(y) - 50] = NAN;
	assert_ok(horizon_forecast(y, ARRAY_SIZE(y), &o, &b, &e), &e);
	for (size_t j = 0; j < 24; j++)
		assert_close(b->mean[j], a->mean[j], 5);
	horizon_free(a);
	horizon_free(b);
}

/* Open from 8 to 20: zeros in the night stay what is expected of it. */
static void closed_hours_stay_closed(void **state)
{
	double y[24 * 21];
	const struct horizon_opts o = opts(24, 24, 168);
	struct horizon *f = NULL;
	struct err e;

	(void)state;
	make_week(y, ARRAY_SIZE(y));
	for (size_t i = 0; i < ARRAY_SIZE(y); i++)
		y[i] = i % 24 >= 8 && i % 24 < 20 ? 100 + y[i] : 0;
	assert_ok(horizon_forecast(y, ARRAY_SIZE(y), &o, &f, &e), &e);
	for (size_t j = 0; j < 24; j++) {
		assert_true(f->q[j] >= 0);
		if (j >= 9 && j < 19)
			assert_true(f->mean[j] > 80);
		else if (j < 7 || j > 20)
			assert_close(f->mean[j], 0, 12);
	}
	horizon_free(f);
}

/* Three weeks at one level and two days at twice of it: what comes is of the new one. */
static void a_level_shift_is_followed(void **state)
{
	double y[24 * 23];
	const struct horizon_opts o = opts(24, 24, 168);
	struct horizon *f = NULL;
	double mean = 0, last = 0;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(y); i++)
		y[i] = (100 + 60 * sin(2 * M_PI * (double)i / 24)) *
			       (i < 24 * 21 ? 1 : 2) +
		       (double)(i * 7919 % 13) / 4;
	assert_ok(horizon_forecast(y, ARRAY_SIZE(y), &o, &f, &e), &e);
	for (size_t j = 0; j < 24; j++) {
		mean += f->mean[j] / 24;
		last += y[ARRAY_SIZE(y) - 24 + j] / 24;
	}
	assert_close(mean, last, 0.3 * last);
	horizon_free(f);
}

static void short_constant_and_zero_series_are_answered(void **state)
{
	static double flat[500], zero[500];
	struct horizon_opts o = opts(10, 24, 168);
	struct horizon *f = NULL;
	struct err e;

	(void)state;
	for (size_t i = 0; i < 500; i++)
		flat[i] = 7;
	const struct {
		const double *y;
		size_t n;
		double is;
	} cases[] = {
		{ flat, 500, 7 }, { zero, 500, 0 }, { flat, 30, 7 }, { flat, 3, 7 }
	};

	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		assert_ok(horizon_forecast(cases[c].y, cases[c].n, &o, &f, &e), &e);
		for (size_t j = 0; j < 10; j++)
			for (size_t k = 0; k < 5; k++)
				assert_close(f->q[k * 10 + j], cases[c].is, 1e-6);
		horizon_free(f);
	}
}

static void one_value_gives_a_stated_swing(void **state)
{
	const double one[] = { 100 };
	struct horizon_opts o = opts(4, 24, 168);
	struct horizon *f = NULL;
	struct err e;

	(void)state;
	assert_ok(horizon_forecast(one, 1, &o, &f, &e), &e);
	assert_string_equal(f->method, "latest value");
	assert_close(f->mean[3], 100, 1e-9);
	assert_close(f->q[4 * 4], 100 + 1.96 * 15, 0.01);
	assert_true(f->q[4 * 4 + 3] > 100 + 1.96 * 25); /* four steps: twice as wide */
	horizon_free(f);
}

static void two_days_of_hours_give_a_week_by_the_season(void **state)
{
	double y[48];
	struct horizon_opts o = opts(168, 24, 168);
	struct horizon *f = NULL;
	struct err e;

	(void)state;
	make_week(y, 48);
	assert_ok(horizon_forecast(y, 48, &o, &f, &e), &e);
	for (size_t j = 0; j < 168; j++)
		assert_close(f->mean[j], 102 + 60 * sin(2 * M_PI * (double)j / 24), 25);
	assert_true(f->q[4 * 168 + 167] - f->q[167] > f->q[4 * 168 + 23] - f->q[23]);
	horizon_free(f);
}

static void refuses_what_it_cannot_forecast(void **state)
{
	double bad[] = { 1, INFINITY, 2 }, none[] = { NAN, NAN };
	struct horizon_opts o = opts(10, 24, 168);
	struct horizon *f = NULL;
	struct err e;

	(void)state;
	assert_int_equal(horizon_forecast(bad, 3, &o, &f, &e), ERR_INVAL);
	assert_int_equal(horizon_forecast(none, 2, &o, &f, &e), ERR_INVAL);
	assert_int_equal(horizon_forecast(none, 0, &o, &f, &e), ERR_INVAL);
	bad[1] = 3;
	o.h = 0;
	assert_int_equal(horizon_forecast(bad, 3, &o, &f, &e), ERR_INVAL);
	o = opts(10, 168, 24);
	assert_int_equal(horizon_forecast(bad, 3, &o, &f, &e), ERR_INVAL);
	assert_null(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_autoregression_finds_the_coefficients_of_its_recurrence),
		cmocka_unit_test(a_fold_did_not_see_its_part),
		cmocka_unit_test(finds_the_year_of_the_airline_series),
		cmocka_unit_test(finds_day_and_week_and_nothing_in_noise),
		cmocka_unit_test(forecasts_a_weekly_series_within_its_bands),
		cmocka_unit_test(scaling_the_series_scales_the_forecast),
		cmocka_unit_test(gaps_are_bridged),
		cmocka_unit_test(closed_hours_stay_closed),
		cmocka_unit_test(a_level_shift_is_followed),
		cmocka_unit_test(short_constant_and_zero_series_are_answered),
		cmocka_unit_test(one_value_gives_a_stated_swing),
		cmocka_unit_test(two_days_of_hours_give_a_week_by_the_season),
		cmocka_unit_test(refuses_what_it_cannot_forecast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
