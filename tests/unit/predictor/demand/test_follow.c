/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "demand.h"
#include "demand_fixture.h"
#include "front_fixture.h"

#include <math.h>
#include <string.h>

enum { LENGTH = 21 * FRONT_DAY };
#define MINUTE_MS INT64_C(60000)

struct pair {
	struct demand_opts opts;
	double front[LENGTH], back[LENGTH];
	struct demand_model *m;
	struct demand_follow *f;
	size_t at; /* minutes learned */
};

static int setup(void **state)
{
	struct pair *p = xcalloc(1, sizeof(*p));

	p->opts = (struct demand_opts){ .step_ms = MINUTE_MS,
					.n_leads = 2,
					.lead_steps = { 3, 23 } };
	p->m = fresh(&p->opts);
	p->f = demand_follow_new(&p->opts);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct pair *p = *state;

	demand_model_free(p->m);
	demand_follow_free(p->f);
	free(p);
	return 0;
}

static void learn_minute(struct pair *p, double back, double front)
{
	struct err e;

	assert_ok(demand_model_update(p->m, MONDAY_MS + (int64_t)p->at++ * MINUTE_MS,
				      back, &e),
		  &e);
	demand_follow_step(p->f, p->m, front);
}

static void learn_until(struct pair *p, size_t end)
{
	while (p->at < end)
		learn_minute(p, p->back[p->at], p->front[p->at]);
}

static struct demand_follow_state state_of(const struct pair *p)
{
	struct demand_follow_state s;

	demand_follow_state(p->f, 0, &s);
	return s;
}

static double quantile_of(const struct pair *p, bool *ret_used)
{
	struct demand_view own, view;

	assert_int_equal(demand_model_view(p->m, 0, &own, NULL), 0);
	*ret_used = demand_follow_view(p->f, 0, &own, &view);
	return demand_view_quantile(&view, 0.95);
}

static double own_quantile(const struct pair *p)
{
	double q;

	assert_int_equal(demand_model_quantile(p->m, 0, 0.95, &q, NULL), 0);
	return q;
}

static void behind_another_it_is_used_with_a_smaller_loss(void **state)
{
	struct pair *p = *state;
	struct demand_follow_state s;
	double own = 0, with = 0, kept[DEMAND_BANDS];
	size_t over = 0, n = 0;

	make_front(p->front, LENGTH, 1);
	make_back(p->back, p->front, LENGTH, 3, 2);
	learn_until(p, 7 * FRONT_DAY);
	s = state_of(p);
	assert_true(s.is_used);
	assert_int_equal(s.lag_steps, 3);
	while (p->at + 4 < LENGTH) {
		double target = 0, q[2];
		bool is_used;

		learn_until(p, p->at + 1);
		for (size_t k = 0; k < 4; k++)
			target = fmax(target, p->back[p->at + k]);
		q[0] = own_quantile(p);
		q[1] = quantile_of(p, &is_used);
		own += target > q[0] ? 0.95 * (target - q[0]) : 0.05 * (q[0] - target);
		with += target > q[1] ? 0.95 * (target - q[1]) : 0.05 * (q[1] - target);
		over += target > q[1];
		n++;
	}
	s = state_of(p);
	print_message("# loss %.4f -> %.4f, said %.3f, above the 95 %% quantile %.3f\n",
		      own / (double)n, with / (double)n, s.gain,
		      (double)over / (double)n);
	assert_true(with < 0.6 * own);
	/* What it says of itself is what is seen. */
	assert_close(s.gain, 1 - with / own, 0.05);
	assert_close((double)over / (double)n, 0.05, 0.01);
	demand_follow_coverage(p->f, 0, kept);
	for (size_t k = 0; k < DEMAND_BANDS; k++)
		assert_close(kept[k], demand_bands[k], 0.015);
}

static void what_says_nothing_is_never_used(void **state)
{
	struct pair *p = *state;

	for (unsigned long seed = 10; seed < 16; seed++) {
		demand_model_free(p->m);
		demand_follow_free(p->f);
		p->m = fresh(&p->opts);
		p->f = demand_follow_new(&p->opts);
		p->at = 0;
		make_front(p->front, LENGTH, seed);
		make_front(p->back, LENGTH, 100 + seed);
		while (p->at < LENGTH) {
			learn_until(p, p->at + 1);
			assert_false(state_of(p).is_used);
			if (p->at % FRONT_DAY == 0)
				assert_close(quantile_of(p, &(bool){ false }),
					     own_quantile(p), 0);
		}
	}
}

static void what_leads_by_more_than_half_an_hour_is_not_found(void **state)
{
	struct pair *p = *state;

	make_front(p->front, LENGTH, 1);
	make_back(p->back, p->front, LENGTH, DEMAND_FOLLOW_LAG + 28, 2);
	learn_until(p, 7 * FRONT_DAY);
	assert_false(state_of(p).is_used);
}

static void one_behind_says_nothing_to_the_one_in_front(void **state)
{
	struct pair *p = *state;

	make_front(p->back, LENGTH, 20);
	make_back(p->front, p->back, LENGTH, 3, 21);
	while (p->at < LENGTH) {
		learn_until(p, p->at + 1);
		assert_false(state_of(p).is_used);
	}
}

static void without_demand_in_front_the_own_forecast_counts_at_once(void **state)
{
	struct pair *p = *state;
	size_t until;
	bool is_used;

	make_front(p->front, LENGTH, 30);
	make_back(p->back, p->front, LENGTH, 3, 31);
	learn_until(p, 8 * FRONT_DAY);
	assert_true(state_of(p).is_used);
	learn_minute(p, p->back[p->at], NAN);
	assert_close(quantile_of(p, &is_used), own_quantile(p), 0);
	assert_false(is_used);
	/* A short gap is bridged. */
	learn_minute(p, p->back[p->at], p->front[p->at]);
	assert_true(state_of(p).is_used);
	/* A long one is not, until all that is looked at has been seen again. */
	until = p->at + 10;
	while (p->at < until)
		learn_minute(p, p->back[p->at], NAN);
	learn_minute(p, p->back[p->at], p->front[p->at]);
	assert_false(state_of(p).is_used);
	learn_until(p, p->at + DEMAND_FOLLOW_LAG + 2);
	assert_true(state_of(p).is_used);
}

static void what_no_longer_leads_is_left(void **state)
{
	struct pair *p = *state;
	double other[LENGTH];
	size_t left_at = 0;

	make_front(p->front, LENGTH, 40);
	make_front(other, LENGTH, 41);
	make_back(p->back, p->front, LENGTH, 3, 42);
	learn_until(p, 12 * FRONT_DAY);
	assert_true(state_of(p).is_used);
	memcpy(p->front, other, sizeof(other));
	while (p->at < 16 * FRONT_DAY) {
		learn_until(p, p->at + 1);
		if (!state_of(p).is_used && left_at == 0)
			left_at = p->at - 12 * FRONT_DAY;
	}
	print_message("# left after %zu minutes\n", left_at);
	assert_in_range(left_at, 1, 360);
	assert_false(state_of(p).is_used);
}

static void a_saved_follower_goes_on_as_it_would_have(void **state)
{
	struct pair *p = *state;
	CLEANUP(demand_follow_free) struct demand_follow *other = NULL;
	CLEANUP(free) char *bytes = NULL;
	const struct demand_opts another = { .step_ms = MINUTE_MS,
					     .n_leads = 2,
					     .lead_steps = { 4, 24 } };
	struct demand_follow_state a, b;
	size_t len;
	struct err e;

	make_front(p->front, LENGTH, 50);
	make_back(p->back, p->front, LENGTH, 2, 51);
	learn_until(p, 8 * FRONT_DAY);
	len = demand_follow_size(p->f);
	bytes = xmalloc(len);
	demand_follow_save(p->f, bytes);
	assert_ok(demand_follow_load(bytes, len, &p->opts, &other, &e), &e);
	for (size_t i = 0; i < FRONT_DAY; i++) {
		learn_until(p, p->at + 1);
		demand_follow_step(other, p->m, p->front[p->at - 1]);
	}
	demand_follow_state(p->f, 1, &a);
	demand_follow_state(other, 1, &b);
	assert_true(a.gain == b.gain && a.steps == b.steps && a.evidence == b.evidence);

	CLEANUP(demand_follow_free) struct demand_follow *none = NULL;

	assert_int_equal(demand_follow_load(bytes, len, &another, &none, &e), ERR_PROTO);
	assert_int_equal(demand_follow_load(bytes, len - 1, &p->opts, &none, &e),
			 ERR_PROTO);
	bytes[len / 2] ^= 1;
	assert_int_equal(demand_follow_load(bytes, len, &p->opts, &none, &e), ERR_PROTO);
}

static void agreement_finds_the_one_in_front(void **state)
{
	struct pair *p = *state;
	double other[LENGTH];

	make_front(p->front, LENGTH, 60);
	make_front(other, LENGTH, 61);
	make_back(p->back, p->front, LENGTH, 5, 62);
	p->front[100] = p->back[200] = NAN;
	assert_true(demand_agreement(p->back, p->front, 2 * FRONT_DAY) >
		    3 * demand_agreement(p->back, other, 2 * FRONT_DAY));
	assert_close(demand_agreement(p->back, p->front, 1), 0, 0);
}

#define PAIR_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(behind_another_it_is_used_with_a_smaller_loss),
		PAIR_TEST(what_says_nothing_is_never_used),
		PAIR_TEST(what_leads_by_more_than_half_an_hour_is_not_found),
		PAIR_TEST(one_behind_says_nothing_to_the_one_in_front),
		PAIR_TEST(without_demand_in_front_the_own_forecast_counts_at_once),
		PAIR_TEST(what_no_longer_leads_is_left),
		PAIR_TEST(a_saved_follower_goes_on_as_it_would_have),
		PAIR_TEST(agreement_finds_the_one_in_front),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
