/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ridge.h"

#include "check.h"
#include "cleanup.h"
#include "test.h"

/* Anscombe, Graphs in Statistical Analysis, The American Statistician 27, 1973: sets I
 * to IV all have the line y = 3.00 + 0.500 x. */
static const double xi[] = { 10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5 };
static const double yi[] = { 8.04, 6.95, 7.58,  8.81, 8.33, 9.96,
			     7.24, 4.26, 10.84, 4.82, 5.68 };
static const double xiv[] = { 8, 8, 8, 8, 8, 8, 8, 19, 8, 8, 8 };
static const double yiv[] = { 6.58, 5.76,  7.71, 8.84, 8.47, 7.04,
			      5.25, 12.50, 5.56, 7.91, 6.89 };

static struct ridge *ridge_new(size_t p, double half_life, double prior)
{
	struct ridge *r = xmalloc(ridge_size(p));

	ridge_init(r, p, half_life, prior);
	return r;
}

static void add_all(struct ridge *r, const double *x, const double *y, double w)
{
	for (size_t i = 0; i < 11; i++)
		ridge_add(r, (float[]){ 1, (float)x[i] }, y[i], w);
}

static void finds_the_line_of_anscombes_quartet(void **state)
{
	CLEANUP(free) struct ridge *r = ridge_new(2, 1e12, 0);

	(void)state;
	add_all(r, xi, yi, 1);
	ridge_solve(r);
	assert_close(ridge_b(r)[0], 3.0001, 5e-4);
	assert_close(ridge_b(r)[1], 0.5001, 5e-5);

	ridge_init(r, 2, 1e12, 0);
	add_all(r, xiv, yiv, 1);
	ridge_solve(r);
	assert_close(ridge_b(r)[0], 3.0017, 5e-4);
	assert_close(ridge_b(r)[1], 0.4999, 5e-5);
	assert_close(ridge_predict(r, (float[]){ 1, 19 }), 12.5, 1e-3);
}

static void forgets_the_older_half_when_the_half_life_is_short(void **state)
{
	CLEANUP(free) struct ridge *r = ridge_new(1, 5, 0);

	(void)state;
	for (int i = 0; i < 100; i++)
		ridge_add(r, (float[]){ 1 }, 10, 1);
	for (int i = 0; i < 5; i++)
		ridge_add(r, (float[]){ 1 }, 20, 1);
	ridge_solve(r);
	/* Five observations later everything before weighs half of the sum. */
	assert_close(ridge_b(r)[0], 15, 1e-4);
}

static void the_prior_answers_before_data_do(void **state)
{
	CLEANUP(free) struct ridge *r = ridge_new(2, 1e12, 30);

	(void)state;
	ridge_b0(r)[0] = ridge_b(r)[0] = 7;
	ridge_solve(r);
	assert_close(ridge_b(r)[0], 7, 0);
	ridge_add(r, (float[]){ 1, 0 }, 7, 1);
	ridge_solve(r);
	assert_close(ridge_b(r)[0], 7, 1e-9);
	assert_close(ridge_b(r)[1], 0, 0);
	for (int i = 0; i < 3000; i++)
		ridge_add(r, (float[]){ 1, 0 }, 1, 1);
	ridge_solve(r);
	assert_close(ridge_b(r)[0], 1.06, 0.01);
}

static void units_of_a_feature_do_not_matter(void **state)
{
	CLEANUP(free) struct ridge *a = ridge_new(2, 100, 30);
	CLEANUP(free) struct ridge *b = ridge_new(2, 100, 30);

	(void)state;
	for (size_t i = 0; i < 11; i++) {
		ridge_add(a, (float[]){ 1, (float)xi[i] }, yi[i], 1);
		ridge_add(b, (float[]){ 1, (float)(1000 * xi[i]) }, yi[i], 1);
	}
	ridge_solve(a);
	ridge_solve(b);
	assert_close(ridge_predict(a, (float[]){ 1, 6 }),
		     ridge_predict(b, (float[]){ 1, 6000 }), 1e-9);
}

static void a_constant_feature_twice_does_not_break_it(void **state)
{
	CLEANUP(free) struct ridge *r = ridge_new(2, 1e9, 1);

	(void)state;
	for (int i = 0; i < 50; i++)
		ridge_add(r, (float[]){ 1, 1 }, 4, 1);
	ridge_solve(r);
	assert_close(ridge_predict(r, (float[]){ 1, 1 }), 4, 0.1);
}

/* A feature that begins after 10,000 observations is as cautious then as one that was
 * there from the first on: thirty observations of its own are worth as much as the prior.
 */
static void a_feature_that_begins_late_has_its_own_prior(void **state)
{
	CLEANUP(free) struct ridge *r = ridge_new(2, 1e12, 30);
	CLEANUP(free) struct ridge *young = ridge_new(1, 1e12, 30);

	(void)state;
	for (int i = 0; i < 10000; i++)
		ridge_add(r, (float[]){ i % 2 ? 1 : -1, 0 }, i % 2 ? 1 : -1, 1);
	for (int i = 0; i < 30; i++) {
		/* Of both signs, so that the two features are independent. */
		const float x = i / 2 % 2 ? 1 : -1;

		ridge_add(r, (float[]){ i % 2 ? 1 : -1, x }, (i % 2 ? 1 : -1) + 4 * x, 1);
		ridge_add(young, (float[]){ x }, 4 * x, 1);
	}
	ridge_solve(r);
	ridge_solve(young);
	assert_close(ridge_b(young)[0], 2, 1e-6);
	assert_close(ridge_b(r)[1], 2, 0.05);
	assert_close(ridge_b(r)[0], 1, 0.02);
}

/* What is forgotten counts no more: after a long absence it is new again. */
static void a_feature_that_was_away_is_new_again(void **state)
{
	CLEANUP(free) struct ridge *r = ridge_new(1, 50, 30);

	(void)state;
	for (int i = 0; i < 1000; i++)
		ridge_add(r, (float[]){ 1 }, 4, 1);
	ridge_solve(r);
	assert_close(ridge_b(r)[0], 4 * 72.6 / 102.6, 0.05);
	for (int i = 0; i < 500; i++)
		ridge_add(r, (float[]){ 0 }, 0, 1);
	ridge_solve(r);
	assert_close(ridge_b(r)[0], 0, 0.02);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_line_of_anscombes_quartet),
		cmocka_unit_test(forgets_the_older_half_when_the_half_life_is_short),
		cmocka_unit_test(the_prior_answers_before_data_do),
		cmocka_unit_test(units_of_a_feature_do_not_matter),
		cmocka_unit_test(a_constant_feature_twice_does_not_break_it),
		cmocka_unit_test(a_feature_that_begins_late_has_its_own_prior),
		cmocka_unit_test(a_feature_that_was_away_is_new_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
