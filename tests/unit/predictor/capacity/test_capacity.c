/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "capacity.h"

#include "check.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <string.h>

#define TARGET 0.7
#define DAY 1440
#define START INT64_C(28333334) /* a minute */

struct service {
	struct capacity *c;
	gsl_rng *rng;
	struct err e;
	int64_t minute;
	double idle, full; /* utilisation without demand; demand that fills an instance */
	double noise;      /* standard deviation, relative */
	double unit;       /* of demand */
	size_t n;
	int64_t fit_every; /* minutes */
	size_t changes;
	struct capacity_change change;
	int64_t noticed; /* minute of the last change's notice */
};

DEFINE_CLEANUP(gsl_rng *, gsl_rng_free);

static void start(struct service *s, unsigned long seed)
{
	*s = (struct service){ .minute = START,
			       .idle = 0.05,
			       .full = 20,
			       .noise = 0.05,
			       .unit = 1,
			       .n = 3,
			       .fit_every = 60 };
	s->rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(s->rng, seed);
	assert_ok(capacity_new(TARGET, &s->c, &s->e), &s->e);
}

static void service_done(struct service *s)
{
	capacity_free(s->c);
	gsl_rng_free(s->rng);
}
DEFINE_CLEANUP_OBJECT(struct service, service_done);

/* At 70 % busy, of which the idle part is not demand's. */
static double true_capacity(const struct service *s)
{
	return (TARGET - s->idle) / (1 - s->idle) * s->full * s->unit;
}

/* A minute with that demand an instance, and a fit now and then, as the
 * controller does. */
static void see(struct service *s, double demand, double utilisation, double latency_s)
{
	struct capacity_seen seen = { ++s->minute, demand, utilisation, latency_s, s->n };
	bool is_changed = false;

	assert_ok(capacity_see(s->c, &seen, &is_changed, &s->change, &s->e), &s->e);
	if (is_changed) {
		s->changes++;
		s->noticed = s->minute;
	}
	if (s->minute % s->fit_every == 0)
		capacity_fit(s->c, s->n);
}

static void serve(struct service *s, double demand)
{
	double u = s->idle + (1 - s->idle) * demand / s->full;

	u *= 1 + gsl_ran_gaussian(s->rng, s->noise);
	see(s, demand * s->unit, fmin(fmax(u, 0), 1), NAN);
}

/* Demand as of a day: from low to high and back, in shares of what fills an instance. */
static double of_day(const struct service *s, double low, double high)
{
	const double phase = 2 * M_PI * (double)(s->minute % DAY) / DAY;

	return s->full * (low + (high - low) * (0.5 - 0.5 * cos(phase)));
}

static void serve_day(struct service *s, size_t minutes, double low, double high)
{
	for (size_t i = 0; i < minutes; i++)
		serve(s, of_day(s, low, high));
	capacity_fit(s->c, s->n);
}

/* ---------------------------------------------------------------- utilisation */

static void finds_capacity_from_utilisation(void **state)
{
	CLEANUP(service_done) struct service s;
	const struct capacity_known *k;

	(void)state;
	start(&s, 1);
	serve_day(&s, DAY, 0.05, 0.6);
	k = capacity_known(s.c);
	assert_int_equal(k->model, CAPACITY_UTILISATION);
	assert_close(k->value, true_capacity(&s), 0.03 * true_capacity(&s));
	assert_true(k->low < k->value && k->value < k->high);
	assert_true(k->points > 100);
	assert_non_null(strstr(k->why, "proportional to demand"));
}

static void the_interval_holds_the_truth_nine_times_in_ten(void **state)
{
	size_t held = 0;

	(void)state;
	for (unsigned long seed = 1; seed <= 200; seed++) {
		CLEANUP(service_done) struct service s;
		const struct capacity_known *k;

		start(&s, seed);
		s.fit_every = DAY;
		serve_day(&s, DAY, 0.05, 0.6);
		k = capacity_known(s.c);
		assert_int_equal(k->model, CAPACITY_UTILISATION);
		held += k->low <= true_capacity(&s) && true_capacity(&s) <= k->high;
	}
	assert_in_range(held, 180, 200);
}

/* Errors of which 0.9 lasts to the next minute, and requests that are dearer by day, by
 * `dearer` either way: the interval is of the dearest hour. */
static void assert_held(double dearer, size_t days, size_t tiers, size_t least)
{
	size_t held = 0, over = 0, known = 0;

	for (unsigned long seed = 100; seed < 100 + tiers; seed++) {
		CLEANUP(service_done) struct service s;
		const struct capacity_known *k;
		double error = 0, truth;

		start(&s, seed);
		truth = true_capacity(&s) / (1 + dearer);
		for (size_t i = 0; i < days * DAY; i++) {
			const double x = of_day(&s, 0.05, 0.6);
			const double phase = 2 * M_PI * (double)(s.minute % DAY) / DAY;
			double u = s.idle +
				   (1 - s.idle) * x / s.full * (1 - dearer * cos(phase));

			error = 0.9 * error + gsl_ran_gaussian(s.rng, 0.05 * 0.436);
			u *= 1 + error;
			see(&s, x * (1 + gsl_ran_gaussian(s.rng, 0.01)), fmin(u, 1), NAN);
		}
		capacity_fit(s.c, s.n);
		k = capacity_known(s.c);
		known += k->model == CAPACITY_UTILISATION;
		held += k->low <= truth && truth <= k->high;
		over += k->low > truth;
	}
	/* One may be learning anew, after a false alarm. */
	assert_true(known + 1 >= tiers);
	if (held < least)
		fail_msg("%zu of %zu intervals hold the truth", held, tiers);
	assert_in_range(over, 0, tiers / 20 + 1);
}

static void the_interval_holds_when_errors_hang_together(void **state)
{
	(void)state;
	assert_held(0, 1, 40, 36);
}

static void the_interval_is_of_the_dearest_hour_of_the_day(void **state)
{
	(void)state;
	assert_held(0.1, 3, 20, 17);
}

/* The process's own handler would abort. */
static void what_determines_no_law_is_no_error_of_gsl(void **state)
{
	gsl_error_handler_t *off = gsl_set_error_handler(NULL);

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		CLEANUP(service_done) struct service s;

		start(&s, 70);
		for (size_t i = 0; i < 100; i++)
			see(&s, kind == 1 ? 0 : 10, kind == 2 ? NAN : 0.5,
			    kind == 2 ? 0.1 : NAN);
		capacity_fit(s.c, s.n);
		assert_int_equal(capacity_known(s.c)->model, CAPACITY_NOT_KNOWN);
		assert_true(*capacity_known(s.c)->why);
	}
	gsl_set_error_handler(off);
}

static void a_tenth_of_wild_minutes_does_not_move_it(void **state)
{
	CLEANUP(service_done) struct service s;

	(void)state;
	start(&s, 2);
	for (size_t i = 0; i < DAY; i++) {
		if (i % 10 == 3) /* a backup runs */
			see(&s, of_day(&s, 0.05, 0.6), 0.9, NAN);
		else
			serve(&s, of_day(&s, 0.05, 0.6));
	}
	capacity_fit(s.c, s.n);
	assert_int_equal(capacity_known(s.c)->model, CAPACITY_UTILISATION);
	assert_close(capacity_known(s.c)->value, true_capacity(&s),
		     0.05 * true_capacity(&s));
	assert_int_equal(s.changes, 0);
}

static void the_unit_of_demand_changes_nothing_else(void **state)
{
	static const double units[] = { 1e-6, 1e9 };
	CLEANUP(service_done) struct service a;

	(void)state;
	start(&a, 3);
	serve_day(&a, DAY, 0.05, 0.6);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		CLEANUP(service_done) struct service b;

		start(&b, 3);
		b.unit = units[i];
		serve_day(&b, DAY, 0.05, 0.6);
		/* Other minutes share a band, so not to the last digit. */
		assert_close(capacity_known(b.c)->value / units[i] /
				     capacity_known(a.c)->value,
			     1, 0.02);
		assert_int_equal(capacity_known(b.c)->model, CAPACITY_UTILISATION);
	}
}

/* ---------------------------------------------------------------- latency */

/* A single server, first come first served: the mean time is that of
 * processor sharing. */
struct queue {
	double now_s, free_s; /* of the next arrival; when the server is free */
};

static double queue_minute(struct service *s, struct queue *q, double arrivals,
			   double served)
{
	const double end_s = (double)(s->minute - START + 1) * 60;
	double sum = 0, n = 0;

	for (; q->now_s < end_s; q->now_s += gsl_ran_exponential(s->rng, 1 / arrivals)) {
		const double begin = fmax(q->now_s, q->free_s);

		q->free_s = begin + gsl_ran_exponential(s->rng, 1 / served);
		sum += q->free_s - q->now_s;
		n++;
	}
	return n > 0 ? sum / n : NAN;
}

static void finds_capacity_from_the_latency_of_a_queue(void **state)
{
	size_t held = 0;

	(void)state;
	for (unsigned long seed = 1; seed <= 12; seed++) {
		CLEANUP(service_done) struct service s;
		const struct capacity_known *k;
		struct queue q = { 0 };

		start(&s, seed);
		for (size_t i = 0; i < DAY; i++) {
			const double x = of_day(&s, 0.1, 0.75);
			const double r = queue_minute(&s, &q, x, s.full);

			if (!isnan(r))
				see(&s, x, NAN, r);
		}
		capacity_fit(s.c, s.n);
		k = capacity_known(s.c);
		assert_int_equal(k->model, CAPACITY_QUEUE);
		assert_close(k->value, TARGET * s.full, 0.08 * TARGET * s.full);
		assert_non_null(strstr(k->why, "queue"));
		assert_int_equal(s.changes, 0);
		held += k->low <= TARGET * s.full && TARGET * s.full <= k->high;
	}
	assert_in_range(held, 10, 12);
}

/* The processor would serve 20, but what waits for the database serves only 12. */
static void what_runs_out_first_limits(void **state)
{
	CLEANUP(service_done) struct service s;

	(void)state;
	start(&s, 4);
	for (size_t i = 0; i < DAY; i++) {
		const double x = of_day(&s, 0.05, 0.5);
		const double u =
			(0.05 + 0.95 * x / s.full) * (1 + gsl_ran_gaussian(s.rng, 0.05));
		const double r = 0.1 / (1 - x / 12) * exp(gsl_ran_gaussian(s.rng, 0.1));

		see(&s, x, u, r);
	}
	capacity_fit(s.c, s.n);
	assert_int_equal(capacity_known(s.c)->model, CAPACITY_QUEUE);
	assert_close(capacity_known(s.c)->value, TARGET * 12, 0.5);
}

/* ---------------------------------------------------------------- many instances */

static void an_instance_serves_less_the_more_there_are(void **state)
{
	static const size_t counts[] = { 1, 2, 4, 6, 8, 12 };
	CLEANUP(service_done) struct service s;
	const struct capacity_known *k;
	double truth = 0;

	(void)state;
	start(&s, 5);
	s.idle = 0;
	for (size_t day = 0; day < 4; day++) {
		for (size_t i = 0; i < DAY; i++) {
			s.n = counts[i / 40 % ARRAY_SIZE(counts)];
			s.full = 20 / (1 + 0.03 * (double)(s.n - 1) +
				       0.002 * (double)(s.n * (s.n - 1)));
			serve(&s, s.full * gsl_ran_flat(s.rng, 0.05, 0.6));
		}
	}
	s.n = 12;
	capacity_fit(s.c, s.n);
	k = capacity_known(s.c);
	truth = TARGET * 20 / (1 + 0.03 * 11 + 0.002 * 12 * 11);
	assert_int_equal(k->model, CAPACITY_USL);
	assert_close(k->value, truth, 0.08 * truth);
	assert_true(k->low <= truth && truth <= k->high);
	capacity_fit(s.c, 1);
	assert_close(capacity_known(s.c)->value, TARGET * 20, 0.08 * TARGET * 20);
	assert_int_equal(s.changes, 0);
}

static void instances_that_do_not_disturb_each_other_are_no_such_law(void **state)
{
	CLEANUP(service_done) struct service s;

	(void)state;
	start(&s, 6);
	for (size_t i = 0; i < 4 * (size_t)DAY; i++) {
		s.n = 1 + i / 40 % 8;
		serve(&s, s.full * gsl_ran_flat(s.rng, 0.05, 0.6));
	}
	capacity_fit(s.c, s.n);
	assert_int_equal(capacity_known(s.c)->model, CAPACITY_UTILISATION);
}

/* ---------------------------------------------------------------- not known */

/* How many of `tiers` know their capacity after some hours of a day that began at any
 * time, and the mean of half their intervals over the value. */
static size_t count_known(size_t tiers, size_t minutes, bool by_latency,
			  double *ret_width)
{
	size_t known = 0;
	double width = 0;

	for (unsigned long seed = 1; seed <= tiers; seed++) {
		CLEANUP(service_done) struct service s;
		const struct capacity_known *k;
		struct queue q = { 0 };

		start(&s, seed);
		s.fit_every = DAY;
		s.minute += (int64_t)(seed * DAY / tiers);
		q.now_s = (double)(s.minute - START) * 60;
		for (size_t i = 0; i < minutes; i++) {
			const double x = of_day(&s, 0.1, by_latency ? 0.75 : 0.6);

			if (by_latency)
				see(&s, x, NAN, queue_minute(&s, &q, x, s.full));
			else
				serve(&s, x);
		}
		capacity_fit(s.c, s.n);
		k = capacity_known(s.c);
		if (k->model == CAPACITY_NOT_KNOWN)
			continue;
		known++;
		width += (k->high - k->low) / (2 * k->value);
	}
	*ret_width = width / (double)MAX(known, (size_t)1);
	return known;
}

static void most_are_known_after_hours_and_all_after_a_day(void **state)
{
	double width, by_latency;

	(void)state;
	assert_int_equal(count_known(30, 29, false, &width), 0);
	assert_in_range(count_known(30, 4 * 60, false, &width), 15, 30);
	assert_in_range(count_known(30, DAY, false, &width), 29, 30);
	assert_in_range(count_known(10, 2 * DAY, true, &by_latency), 9, 10);
	assert_true(by_latency > width);
}

static void says_that_low_demand_tells_too_little(void **state)
{
	CLEANUP(service_done) struct service s;
	const struct capacity_known *k;

	(void)state;
	start(&s, 7);
	serve_day(&s, DAY, 0.02, 0.2);
	k = capacity_known(s.c);
	assert_int_equal(k->model, CAPACITY_NOT_KNOWN);
	assert_true(isnan(k->value) && isnan(k->low) && isnan(k->high));
	assert_non_null(strstr(k->why, "demand was never above 2"));
	assert_non_null(strstr(k->why, "% of what it could serve"));
	/* At most twice what was served. */
	assert_true(k->cautious > 0.2 * s.full && k->cautious <= 0.41 * s.full);
}

static void says_how_many_minutes_are_needed(void **state)
{
	CLEANUP(service_done) struct service s;

	(void)state;
	start(&s, 8);
	assert_non_null(strstr(capacity_known(s.c)->why, "no data"));
	serve_day(&s, 12, 0.2, 0.6);
	assert_int_equal(capacity_known(s.c)->model, CAPACITY_NOT_KNOWN);
	assert_string_equal(capacity_known(s.c)->why,
			    "there are only 12 minutes of data, 30 are needed");
}

static void says_that_one_demand_alone_leaves_it_open(void **state)
{
	CLEANUP(service_done) struct service s;

	(void)state;
	start(&s, 9);
	for (size_t i = 0; i < DAY; i++)
		serve(&s, 10 + gsl_ran_gaussian(s.rng, 0.05));
	capacity_fit(s.c, s.n);
	assert_int_equal(capacity_known(s.c)->model, CAPACITY_NOT_KNOWN);
	assert_string_equal(capacity_known(s.c)->why,
			    "demand was almost always the same");
	/* In proportion: a little below what is true, for the idle part. */
	assert_close(capacity_known(s.c)->cautious, TARGET / 0.525 * 10, 1);
	assert_true(capacity_known(s.c)->cautious < true_capacity(&s));
}

static void says_that_latency_does_not_rise(void **state)
{
	CLEANUP(service_done) struct service s;

	(void)state;
	start(&s, 10);
	for (size_t i = 0; i < DAY; i++)
		see(&s, of_day(&s, 0.05, 0.6), NAN,
		    0.1 * exp(gsl_ran_gaussian(s.rng, 0.05)));
	capacity_fit(s.c, s.n);
	assert_int_equal(capacity_known(s.c)->model, CAPACITY_NOT_KNOWN);
	assert_true(*capacity_known(s.c)->why);
	/* The most that was served as fast as ever. */
	assert_close(capacity_known(s.c)->cautious, 0.55 * s.full, 0.05 * s.full);
}

/* It answers 20 whatever is asked: what it was asked for is no capacity. */
static void never_trusts_what_an_overloaded_instance_was_asked_for(void **state)
{
	CLEANUP(service_done) struct service s;

	(void)state;
	start(&s, 11);
	for (size_t i = 0; i < DAY; i++)
		see(&s, gsl_ran_flat(s.rng, 25, 60), 1, NAN);
	capacity_fit(s.c, s.n);
	assert_int_equal(capacity_known(s.c)->model, CAPACITY_NOT_KNOWN);
	assert_true(capacity_known(s.c)->cautious < 21);
}

static void refuses_what_is_no_number(void **state)
{
	static const struct capacity_seen bad[] = {
		{ START + 5, NAN, 0.5, NAN, 1 },
		{ START + 5, INFINITY, 0.5, NAN, 1 },
		{ START + 5, -1, 0.5, NAN, 1 },
		{ START + 5, 1e300, 0.5, NAN, 1 },
		{ START + 5, 1, -0.1, NAN, 1 },
		{ START + 5, 1, 1.1, NAN, 1 },
		{ START + 5, 1, INFINITY, NAN, 1 },
		{ START + 5, 1, NAN, NAN, 1 },
		{ START + 5, 1, 0.5, 0, 1 },
		{ START + 5, 1, 0.5, -1, 1 },
		{ START + 5, 1, 0.5, INFINITY, 1 },
		{ START + 5, 1, 0.5, NAN, 0 },
		{ -1, 1, 0.5, NAN, 1 },
	};
	CLEANUP(service_done) struct service s;
	CLEANUP(free) char *before = xmalloc(capacity_size());
	CLEANUP(free) char *after = xmalloc(capacity_size());
	struct capacity *c;

	(void)state;
	start(&s, 12);
	serve_day(&s, 3, 0.2, 0.6);
	capacity_save(s.c, before);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		bool is_changed;

		assert_int_equal(capacity_see(s.c, &bad[i], &is_changed, &s.change, &s.e),
				 ERR_INVAL);
	}
	capacity_save(s.c, after);
	assert_memory_equal(before, after, capacity_size());
	assert_int_equal(capacity_new(NAN, &c, &s.e), ERR_INVAL);
	assert_int_equal(capacity_new(0, &c, &s.e), ERR_INVAL);
	assert_int_equal(capacity_new(1.5, &c, &s.e), ERR_INVAL);
}

static void a_minute_that_comes_again_is_dropped(void **state)
{
	CLEANUP(service_done) struct service s;

	(void)state;
	start(&s, 13);
	for (size_t i = 0; i < 100; i++) {
		s.minute = START;
		see(&s, 10, 0.5, NAN);
	}
	capacity_fit(s.c, s.n);
	assert_int_equal(capacity_known(s.c)->points, 1);
}

/* Minutes of a time to come would be the newest for as long. */
static void a_clock_that_is_set_back_is_followed(void **state)
{
	CLEANUP(service_done) struct service s;

	(void)state;
	start(&s, 14);
	serve_day(&s, DAY, 0.05, 0.6);
	s.minute = START - 365 * DAY;
	s.full = 10;
	serve_day(&s, DAY, 0.05, 0.6);
	assert_int_equal(capacity_known(s.c)->model, CAPACITY_UTILISATION);
	assert_close(capacity_known(s.c)->value, true_capacity(&s), 0.5);
}

/* ---------------------------------------------------------------- changes */

/* What a release did at a quarter busy and above is noticed within ten minutes. */
static void a_release_that_halves_it_is_noticed_within_ten_minutes(void **state)
{
	static const double shares[] = { 0.2, 0.35, 0.6 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shares); i++) {
		CLEANUP(service_done) struct service s;
		int64_t release;
		double before;

		start(&s, 14 + i);
		serve_day(&s, 2 * DAY, 0.05, 0.6);
		before = capacity_known(s.c)->value;
		release = s.minute;
		s.full /= 2;
		for (size_t k = 0; k < 10 && s.changes == 0; k++)
			serve(&s, 2 * s.full * shares[i]);
		assert_int_equal(s.changes, 1);
		assert_in_range(s.change.minute, release - 1, release + 2);
		assert_true(s.noticed <= release + 10);
		assert_close(s.change.from, before, 1e-9);
		assert_close(s.change.to, before / 2, 0.15 * before);
		/* What was before is forgotten at once. */
		assert_int_equal(capacity_known(s.c)->model, CAPACITY_NOT_KNOWN);
		assert_true(capacity_known(s.c)->points < 15);
		/* Too busy all the time, it is asked for less until more is known. */
		assert_true(capacity_known(s.c)->cautious <
			    fmax(1.05 * true_capacity(&s),
				 1.05 * TARGET * 2 * s.full * shares[i]));
		serve_day(&s, DAY, 0.05, 0.6);
		assert_close(capacity_known(s.c)->value, true_capacity(&s),
			     0.05 * true_capacity(&s));
		assert_int_equal(s.changes, 1);
	}
}

/* Scaled with the demand all day, so that no count of instances has many minutes. */
static void a_release_is_noticed_while_the_count_changes(void **state)
{
	CLEANUP(service_done) struct service s;
	int64_t release;

	(void)state;
	start(&s, 60);
	for (size_t i = 0; i < 2 * (size_t)DAY; i++) {
		const double demand = of_day(&s, 0.5, 3);

		s.n = (size_t)ceil(demand / (0.6 * s.full));
		serve(&s, demand / (double)s.n);
	}
	assert_int_equal(s.changes, 0);
	release = s.minute;
	s.full /= 2;
	for (size_t k = 0; k < 15 && s.changes == 0; k++) {
		s.n = 3 + k % 2;
		serve(&s, 1.6 * s.full / (double)s.n * 2);
	}
	assert_int_equal(s.changes, 1);
	assert_true(s.noticed <= release + 12);
}

static void a_release_that_doubles_it_is_noticed_too(void **state)
{
	CLEANUP(service_done) struct service s;

	(void)state;
	start(&s, 20);
	serve_day(&s, DAY, 0.05, 0.6);
	s.full *= 2;
	for (size_t k = 0; k < 20 && s.changes == 0; k++)
		serve(&s, s.full * 0.2);
	assert_int_equal(s.changes, 1);
	assert_true(s.change.to > 1.6 * s.change.from);
}

/* 100 days in which 0.9 of an error lasts to the next minute. */
static void errors_that_hang_together_are_no_change(void **state)
{
	size_t alarms = 0;

	(void)state;
	for (unsigned long seed = 80; seed < 85; seed++) {
		CLEANUP(service_done) struct service s;
		double error = 0;

		start(&s, seed);
		s.fit_every = 360;
		for (size_t i = 0; i < 20 * (size_t)DAY; i++) {
			const double x = of_day(&s, 0.1, 0.6);

			error = 0.9 * error + gsl_ran_gaussian(s.rng, 0.1 * 0.436);
			see(&s, x,
			    fmin((s.idle + (1 - s.idle) * x / s.full) * (1 + error), 1),
			    NAN);
		}
		alarms += s.changes;
	}
	assert_in_range(alarms, 0, 1);
}

static void a_release_is_noticed_by_latency_alone(void **state)
{
	CLEANUP(service_done) struct service s;
	struct queue q = { 0 };

	(void)state;
	start(&s, 21);
	for (size_t i = 0; i < DAY; i++) {
		const double x = of_day(&s, 0.1, 0.75);
		const double r = queue_minute(&s, &q, x, s.full);

		if (!isnan(r))
			see(&s, x, NAN, r);
	}
	assert_int_equal(s.changes, 0);
	s.full /= 2;
	for (size_t i = 0; i < 15 && s.changes == 0; i++)
		see(&s, s.full * 0.6, NAN, queue_minute(&s, &q, s.full * 0.6, s.full));
	assert_int_equal(s.changes, 1);
	assert_close(s.change.to, s.change.from / 2, 0.2 * s.change.from);
}

static void ten_thousand_minutes_of_noise_are_no_change(void **state)
{
	(void)state;
	for (unsigned long seed = 30; seed < 35; seed++) {
		CLEANUP(service_done) struct service s;

		start(&s, seed);
		s.noise = 0.1;
		serve_day(&s, 10000, 0.1, 0.6);
		assert_int_equal(s.changes, 0);
	}
}

/* Requests are dearer by day than by night, by a tenth either way; noise lasts. */
static void noise_that_lasts_is_no_change(void **state)
{
	CLEANUP(service_done) struct service s;
	double error = 0;

	(void)state;
	start(&s, 40);
	for (size_t i = 0; i < 10000; i++) {
		const double x = of_day(&s, 0.1, 0.6);
		const double phase = 2 * M_PI * (double)(s.minute % DAY) / DAY;
		double u;

		error = 0.8 * error + gsl_ran_gaussian(s.rng, 0.03);
		u = 0.05 + 0.95 * x / s.full * (1 + error - 0.1 * cos(phase));
		see(&s, x, fmin(u, 1), NAN);
	}
	assert_int_equal(s.changes, 0);
}

/* ---------------------------------------------------------------- as bytes */

static void a_saved_one_goes_on_as_it_was(void **state)
{
	CLEANUP(service_done) struct service s;
	CLEANUP(free) char *bytes = xmalloc(capacity_size());
	CLEANUP(free) char *other = xmalloc(capacity_size());
	struct capacity *loaded;

	(void)state;
	start(&s, 50);
	serve_day(&s, DAY, 0.05, 0.6);
	capacity_save(s.c, bytes);
	assert_ok(capacity_load(bytes, capacity_size(), TARGET, &loaded, &s.e), &s.e);
	assert_close(capacity_known(loaded)->value, capacity_known(s.c)->value, 0);
	capacity_free(s.c);
	s.c = loaded;
	serve_day(&s, 60, 0.05, 0.6);
	capacity_save(s.c, other);
	assert_ok(capacity_load(bytes, capacity_size(), TARGET, &loaded, &s.e), &s.e);
	capacity_free(loaded);
	bytes[100] ^= 1;
	assert_int_equal(capacity_load(bytes, capacity_size(), TARGET, &loaded, &s.e),
			 ERR_PROTO);
	assert_int_equal(capacity_load(bytes, 12, TARGET, &loaded, &s.e), ERR_PROTO);
	assert_int_equal(capacity_load(other, capacity_size(), 0.5, &loaded, &s.e),
			 ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_capacity_from_utilisation),
		cmocka_unit_test(the_interval_holds_the_truth_nine_times_in_ten),
		cmocka_unit_test(the_interval_holds_when_errors_hang_together),
		cmocka_unit_test(the_interval_is_of_the_dearest_hour_of_the_day),
		cmocka_unit_test(what_determines_no_law_is_no_error_of_gsl),
		cmocka_unit_test(a_tenth_of_wild_minutes_does_not_move_it),
		cmocka_unit_test(the_unit_of_demand_changes_nothing_else),
		cmocka_unit_test(finds_capacity_from_the_latency_of_a_queue),
		cmocka_unit_test(what_runs_out_first_limits),
		cmocka_unit_test(an_instance_serves_less_the_more_there_are),
		cmocka_unit_test(
			instances_that_do_not_disturb_each_other_are_no_such_law),
		cmocka_unit_test(most_are_known_after_hours_and_all_after_a_day),
		cmocka_unit_test(says_that_low_demand_tells_too_little),
		cmocka_unit_test(says_how_many_minutes_are_needed),
		cmocka_unit_test(says_that_one_demand_alone_leaves_it_open),
		cmocka_unit_test(says_that_latency_does_not_rise),
		cmocka_unit_test(never_trusts_what_an_overloaded_instance_was_asked_for),
		cmocka_unit_test(refuses_what_is_no_number),
		cmocka_unit_test(a_minute_that_comes_again_is_dropped),
		cmocka_unit_test(a_clock_that_is_set_back_is_followed),
		cmocka_unit_test(a_release_that_halves_it_is_noticed_within_ten_minutes),
		cmocka_unit_test(a_release_is_noticed_while_the_count_changes),
		cmocka_unit_test(a_release_that_doubles_it_is_noticed_too),
		cmocka_unit_test(a_release_is_noticed_by_latency_alone),
		cmocka_unit_test(errors_that_hang_together_are_no_change),
		cmocka_unit_test(ten_thousand_minutes_of_noise_are_no_change),
		cmocka_unit_test(noise_that_lasts_is_no_change),
		cmocka_unit_test(a_saved_one_goes_on_as_it_was),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
