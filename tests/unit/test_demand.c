/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "demand.h"

#include "check.h"
#include "test.h"

#include <string.h>

#define STEP_MS 300000 /* five minutes: a day of 288 steps */
#define DAY 288
#define MONDAY_MS 1767571200000 /* 2026-01-05T00:00:00Z */
enum { N = 10 * DAY };

struct noise {
	unsigned seed;
};

static double uniform(struct noise *z) /* -1 to 1 */
{
	z->seed = z->seed * 1664525u + 1013904223u;
	return (double)(z->seed >> 8) / (1 << 23) - 1;
}

/* Days with a steep morning and noise; shift: steps by which the days begin later. */
static void make_days(double *y, size_t n, size_t shift, unsigned seed)
{
	struct noise z = { seed };

	for (size_t i = 0; i < n; i++) {
		const size_t t = (i + DAY - shift % DAY) % DAY;
		const double open = t >= 96 && t < 240 ? 1000 : 200;

		y[i] = open * (1 + 0.3 * sin(2 * M_PI * (double)t / DAY)) *
		       (1 + 0.05 * uniform(&z) * uniform(&z));
	}
}

static struct demand_opts opts(void)
{
	return (struct demand_opts){
		.step_ms = STEP_MS,
		.n_leads = 1,
		.lead_steps = { 2 },
		.risk = 0.01,
		.capacity = 20,
	};
}

static struct demand_model *fresh(const struct demand_opts *o)
{
	struct demand_model *m = NULL;
	struct err e;

	assert_ok(demand_model_new(o, &m, &e), &e);
	return m;
}

static struct demand_model *trained(const struct demand_opts *o, const double *y,
				    size_t n)
{
	struct demand_model *m = fresh(o);
	struct err e;

	assert_ok(demand_model_train(m, y, n, MONDAY_MS, &e), &e);
	return m;
}

static void feed(struct demand_model *m, size_t i, double y)
{
	struct err e;

	assert_ok(demand_model_update(m, MONDAY_MS + (int64_t)i * STEP_MS, y, &e), &e);
}

static size_t wanted(const struct demand_model *m)
{
	struct demand_decision d;

	demand_model_decide(m, 0, &d);
	return d.instances;
}

static void *bytes_of(const struct demand_model *m, size_t *len)
{
	void *b;

	*len = demand_model_size(m);
	b = xmalloc(*len);
	demand_model_save(m, b);
	return b;
}

static void assert_same_bytes(const struct demand_model *a, const struct demand_model *b)
{
	size_t n, k;
	void *x = bytes_of(a, &n), *y = bytes_of(b, &k);

	assert_int_equal(n, k);
	assert_memory_equal(x, y, n);
	free(x);
	free(y);
}

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

/* ---------------------------------------------------------------- little history */

/* What is never passed: the largest demand so far, risen by seven stated swings. */
static double bound(double top)
{
	return top * (1 + 7 * DEMAND_PRIOR_SWING) * (1 + 1e-6);
}

/* Feeds y and asks both lead times at each step; no quantile may pass the bound. */
static void assert_bounded(const double *y, size_t n)
{
	struct demand_opts o = opts();
	double top = 0, q;
	struct err e;

	o.step_ms = 60000;
	o.n_leads = 2;
	o.lead_steps[0] = 3;
	o.lead_steps[1] = 13;
	struct demand_model *m = fresh(&o);

	for (size_t i = 0; i < n; i++) {
		assert_ok(
			demand_model_update(m, MONDAY_MS + (int64_t)i * 60000, y[i], &e),
			&e);
		top = fmax(top, y[i]);
		for (size_t k = 0; k < o.n_leads; k++) {
			struct demand_decision d;

			demand_model_decide(m, k, &d);
			assert_true(d.upper <= bound(top));
			assert_true((double)(d.needed - 1) * o.capacity <= bound(top));
			assert_ok(demand_model_quantile(m, k, 0.9999, &q, &e), &e);
			assert_true(q <= bound(top));
		}
	}
	demand_model_free(m);
}

static void the_first_minutes_of_a_service_foretell_no_tenfold(void **state)
{
	double y[120];
	struct noise z = { 41 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(y); i++)
		y[i] = fmin((double)i * 3, 100) * (1 + 0.1 * uniform(&z));
	assert_bounded(y, ARRAY_SIZE(y));
}

static void a_burst_after_nothing_foretells_no_tenfold(void **state)
{
	double y[600] = { 0 };

	(void)state;
	for (size_t i = 200; i < 230; i++)
		y[i] = 50;
	for (size_t i = 400; i < ARRAY_SIZE(y); i++)
		y[i] = 80;
	assert_bounded(y, ARRAY_SIZE(y));
}

static void nothing_foretells_nothing(void **state)
{
	const double y[100] = { 0 };

	(void)state;
	assert_bounded(y, ARRAY_SIZE(y));
}

static void one_spike_is_not_foretold_to_grow(void **state)
{
	double y[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(y); i++)
		y[i] = i == 40 ? 1000 : 100;
	assert_bounded(y, ARRAY_SIZE(y));
}

/* Twenty steps are enough to see that a demand is steady. */
static void a_constant_demand_is_soon_known_to_be_one(void **state)
{
	const struct demand_opts o = opts();
	struct demand_model *m = fresh(&o);

	(void)state;
	for (size_t i = 0; i < 20; i++)
		feed(m, i, 390);
	assert_in_range(wanted(m), 20, 21);
	demand_model_free(m);
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
	r.kept = d.kept;
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
	assert_true(d.kept > 0.001);
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
	demand_model_kept(m, 0, kept);
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

		demand_model_kept(m, k, kept);
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
	demand_model_kept(m, 0, kept);
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

/* ---------------------------------------------------------------- data of the field */

static void gaps_are_filled_counted_and_survived(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	struct demand_stats s;

	(void)state;
	make_days(y, N, 0, 7);
	struct demand_model *a = trained(&o, y, N - 200), *b = trained(&o, y, N - 200);

	for (size_t i = N - 200; i < N; i++) {
		feed(a, i, y[i]);
		if (i < N - 150 || i >= N - 120)
			feed(b, i, y[i]);
	}
	demand_model_stats(b, &s);
	assert_int_equal(s.missing, 30);
	assert_int_equal(s.steps, N);
	assert_close((double)wanted(b), (double)wanted(a), 0.1 * (double)wanted(a) + 1);
	demand_model_free(a);
	demand_model_free(b);
}

static void a_gap_of_a_year_ends_at_once(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	struct demand_stats s;

	(void)state;
	make_days(y, N, 0, 8);
	struct demand_model *m = trained(&o, y, N);

	feed(m, N + 365 * DAY, 300);
	demand_model_stats(m, &s);
	assert_int_equal(s.missing, 365 * DAY);
	assert_true(wanted(m) >= 15 && wanted(m) < 500);
	demand_model_free(m);
}

static void missing_values_in_history_are_no_zeros(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();

	(void)state;
	make_days(y, N, 0, 9);
	struct demand_model *a = trained(&o, y, N);

	for (size_t i = 0; i < N; i += 7)
		y[i] = NAN;
	y[1] = NAN;
	struct demand_model *b = trained(&o, y, N);

	assert_close((double)wanted(b), (double)wanted(a), 0.2 * (double)wanted(a) + 1);
	demand_model_free(a);
	demand_model_free(b);
}

static void late_and_duplicate_samples_are_counted_and_dropped(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();
	struct demand_stats s;
	struct err e;

	(void)state;
	make_days(y, N, 0, 10);
	struct demand_model *m = trained(&o, y, N);
	const size_t before = wanted(m);

	feed(m, N - 1, 1e9);
	feed(m, N - 20, 1e9);
	/* A sampler's jitter is neither. */
	assert_ok(demand_model_update(m, MONDAY_MS + (int64_t)N * STEP_MS + 40000, y[0],
				      &e),
		  &e);
	feed(m, N + 1, y[1]);
	demand_model_stats(m, &s);
	assert_int_equal(s.duplicates, 1);
	assert_int_equal(s.late, 1);
	assert_int_equal(s.missing, 0);
	assert_true(wanted(m) < 3 * before);
	demand_model_free(m);
}

static void what_is_no_demand_is_refused_and_changes_nothing(void **state)
{
	static double y[N];
	static const double bad[] = { -1, INFINITY, -INFINITY, NAN, 1e31 };
	const struct demand_opts o = opts();
	struct err e;

	(void)state;
	make_days(y, N, 0, 11);
	struct demand_model *a = trained(&o, y, N), *b = trained(&o, y, N);

	for (size_t k = 0; k < ARRAY_SIZE(bad); k++)
		assert_int_equal(demand_model_update(b, MONDAY_MS + (int64_t)N * STEP_MS,
						     bad[k], &e),
				 ERR_INVAL);
	assert_same_bytes(a, b);
	y[77] = -3;
	struct demand_model *c = fresh(&o);

	assert_int_equal(demand_model_train(c, y, N, MONDAY_MS, &e), ERR_INVAL);
	assert_non_null(strstr(e.msg, "77"));
	demand_model_free(a);
	demand_model_free(b);
	demand_model_free(c);
}

static void a_zero_series_needs_one_instance(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();

	(void)state;
	struct demand_model *m = trained(&o, y, N);

	assert_int_equal(wanted(m), 1);
	feed(m, N, 400);
	assert_true(wanted(m) >= 20 && wanted(m) < 2000);
	demand_model_free(m);
}

static void a_constant_series_needs_just_that(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();

	(void)state;
	for (size_t i = 0; i < N; i++)
		y[i] = 390;
	struct demand_model *m = trained(&o, y, N);

	assert_int_equal(wanted(m), 20);
	demand_model_free(m);
}

static void a_level_shift_is_followed_within_a_lead_time(void **state)
{
	static double y[N];
	const struct demand_opts o = opts();

	(void)state;
	make_days(y, N, 0, 12);
	struct demand_model *m = trained(&o, y, N - DAY);

	for (size_t i = N - DAY; i < N; i++) {
		feed(m, i, 4 * y[i]);
		assert_true(20.0 * (double)wanted(m) >= 4 * y[i]);
	}
	assert_true(20.0 * (double)wanted(m) < 8 * 4 * y[N - 1]);
	demand_model_free(m);
}

static void without_history_it_says_so_and_holds_a_stated_swing(void **state)
{
	const struct demand_opts o = opts();
	struct demand_model *m = fresh(&o);
	struct demand_decision d;
	double q;
	struct err e;

	(void)state;
	demand_model_decide(m, 0, &d);
	assert_int_equal(d.instances, 1);
	assert_string_equal(d.why, "no sample yet");
	assert_int_equal(demand_model_quantile(m, 0, 0.9, &q, &e), ERR_NOT_FOUND);
	assert_ok(demand_model_train(m, NULL, 0, MONDAY_MS, &e), &e);
	feed(m, 0, 1000);
	demand_model_decide(m, 0, &d);
	assert_int_equal(d.rung, DEMAND_REACTIVE);
	assert_non_null(strstr(d.why, "too little history"));
	assert_true(d.needed > 50 && d.needed < 150);
	demand_model_free(m);
}

static void the_first_day_learns_to_keep_the_risk(void **state)
{
	static double y[3 * DAY];
	const struct demand_opts o = opts();
	struct noise z = { 5 };
	size_t is_short = 0, need[3 * DAY];
	struct demand_model *m = fresh(&o);
	struct demand_decision d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(y); i++)
		y[i] = 500 * (1 + 0.5 * sin(2 * M_PI * (double)i / DAY)) *
		       (1 + 0.05 * uniform(&z));
	for (size_t i = 0; i < ARRAY_SIZE(y); i++) {
		feed(m, i, y[i]);
		need[i] = wanted(m);
		if (i >= 3)
			is_short +=
				y[i] > 20.0 * (double)MIN(need[i - 3],
							  MIN(need[i - 2], need[i - 1]));
	}
	assert_true(is_short <= 26); /* 3 % of the time, three times the risk */
	demand_model_decide(m, 0, &d);
	assert_int_equal(d.rung, DEMAND_FULL);
	demand_model_free(m);
}

static void any_step_from_seconds_to_a_day_works(void **state)
{
	static const int64_t steps[] = { 1000, 10000, 60000, 1800000, 3600000, 86400000 };
	struct demand_opts o = opts();

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(steps); k++) {
		struct noise z = { 9 };

		o.step_ms = steps[k];
		struct demand_model *m = fresh(&o);

		for (size_t i = 0; i < 500; i++) {
			struct err e;

			assert_ok(demand_model_update(m,
						      MONDAY_MS + (int64_t)i * steps[k],
						      500 + 20 * uniform(&z), &e),
				  &e);
		}
		assert_true(wanted(m) >= 25 && wanted(m) < 32);
		demand_model_free(m);
	}
}

static void no_lead_time_is_a_lead_time_too(void **state)
{
	static double y[N];
	struct demand_opts o = opts();

	(void)state;
	o.lead_steps[0] = 0;
	make_days(y, N, 0, 13);
	struct demand_model *m = trained(&o, y, N);

	assert_true(20.0 * (double)wanted(m) >= y[N - 1]);
	demand_model_free(m);
}

/* Clocks go back an hour: people come at the same hour of the clock, an hour later. */
static void seasons_follow_the_clock_over_daylight_saving(void **state)
{
	static double y[2 * N];
	const struct demand_opts o = opts();
	double miss[2] = { 0 };

	(void)state;
	make_days(y, N, 0, 14);
	make_days(y + N, N, 12, 15);
	for (int told = 0; told < 2; told++) {
		struct demand_model *m = fresh(&o);
		struct err e;

		demand_model_set_offset(m, 7200);
		assert_ok(demand_model_train(m, y, N, MONDAY_MS, &e), &e);
		if (told)
			demand_model_set_offset(m, 3600);
		for (size_t i = N; i < N + DAY; i++) {
			struct demand_decision d;

			feed(m, i, y[i]);
			demand_model_decide(m, 0, &d);
			miss[told] +=
				fabs(d.median - fmax(fmax(y[i + 1], y[i + 2]), y[i + 3]));
		}
		demand_model_free(m);
	}
	assert_true(miss[1] < 0.6 * miss[0]);
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
	assert_non_null(d.why);
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
	assert_string_equal(d.why, "no sample yet");
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
	assert_int_equal(x.rung, y.rung);
	assert_string_equal(x.why, y.why);
	assert_true(x.median == y.median && x.upper == y.upper && x.level == y.level);
	assert_true(x.price == y.price && x.kept == y.kept);
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
		cmocka_unit_test(the_first_minutes_of_a_service_foretell_no_tenfold),
		cmocka_unit_test(a_burst_after_nothing_foretells_no_tenfold),
		cmocka_unit_test(nothing_foretells_nothing),
		cmocka_unit_test(one_spike_is_not_foretold_to_grow),
		cmocka_unit_test(a_constant_demand_is_soon_known_to_be_one),
		cmocka_unit_test(a_stated_price_is_not_steered_and_its_share_is_told),
		cmocka_unit_test(bands_are_not_told_before_enough_is_known),
		cmocka_unit_test(bands_keep_what_they_promise_at_every_lead_time),
		cmocka_unit_test(bands_count_what_was_said_at_the_time),
		cmocka_unit_test(scaling_demand_and_capacity_changes_nothing),
		cmocka_unit_test(shifting_time_shifts_the_decisions),
		cmocka_unit_test(another_future_changes_no_earlier_decision),
		cmocka_unit_test(gaps_are_filled_counted_and_survived),
		cmocka_unit_test(a_gap_of_a_year_ends_at_once),
		cmocka_unit_test(missing_values_in_history_are_no_zeros),
		cmocka_unit_test(late_and_duplicate_samples_are_counted_and_dropped),
		cmocka_unit_test(what_is_no_demand_is_refused_and_changes_nothing),
		cmocka_unit_test(a_zero_series_needs_one_instance),
		cmocka_unit_test(a_constant_series_needs_just_that),
		cmocka_unit_test(a_level_shift_is_followed_within_a_lead_time),
		cmocka_unit_test(without_history_it_says_so_and_holds_a_stated_swing),
		cmocka_unit_test(the_first_day_learns_to_keep_the_risk),
		cmocka_unit_test(any_step_from_seconds_to_a_day_works),
		cmocka_unit_test(no_lead_time_is_a_lead_time_too),
		cmocka_unit_test(seasons_follow_the_clock_over_daylight_saving),
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
