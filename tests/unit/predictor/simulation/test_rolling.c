/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulation.h"

#include "check.h"
#include "cleanup.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 600

static size_t next_wish(void *wish, const struct fleet_now *now)
{
	return ((const size_t *)wish)[now->i];
}

/* A walk with jumps, the same each time. */
static void make_wishes(size_t *wish, uint32_t seed)
{
	size_t now = 3;

	for (size_t i = 0; i < STEPS; i++) {
		seed = seed * 1664525 + 1013904223;
		if (seed >> 30 == 0)
			now = (seed >> 20) % 14;
		wish[i] = now;
	}
}

/* Written and read again after each step. */
static void roll(const size_t *wish, int64_t lead, struct paid_terms t,
		 struct fleet_run *ret)
{
	CLEANUP(rolling_done) struct rolling r = { NULL, 0 };

	rolling_start(&r, 0, 3);
	ret->instance_steps = 0;
	for (int64_t i = 0; i < STEPS; i++) {
		CLEANUP(free) char *text = NULL;

		ret->instance_steps += (double)rolling_step(&r, i, t);
		ret->running[i] = (uint32_t)rolling_running(&r, i);
		rolling_want(&r, i, wish[i], lead, t);
		assert_int_equal(rolling_size(&r), wish[i]);
		text = rolling_write(&r);
		rolling_done(&r);
		assert_true(rolling_read(text, &r));
	}
}

static void it_is_the_fleet_of_the_simulation(void **state)
{
	static const size_t leads[] = { 0, 1, 3, 12 };
	static const struct paid_terms paid[] = { { 1, 0 },  { 5, 0 },   { 60, 0 },
						  { 1, 60 }, { 10, 30 }, { 7, 20 } };
	uint32_t running[STEPS];
	size_t wish[STEPS];
	double demand[STEPS];

	(void)state;
	for (size_t i = 0; i < STEPS; i++)
		demand[i] = 1;
	for (size_t l = 0; l < ARRAY_SIZE(leads); l++)
		for (size_t b = 0; b < ARRAY_SIZE(paid); b++) {
			const struct fleet_terms terms = { .capacity = 1,
							   .lead = leads[l],
							   .paid = paid[b] };
			struct fleet_run of, r = { .running = running };

			make_wishes(wish, (uint32_t)(7 + l * 10 + b));
			fleet_simulate(&terms, demand, STEPS, 3, next_wish, wish, &of);
			roll(wish, (int64_t)leads[l], paid[b], &r);
			assert_close(r.instance_steps, of.instance_steps, 1e-12);
			assert_memory_equal(r.running, of.running, sizeof(running));
			free(of.running);
		}
}

static void what_is_no_fleet_is_not_read(void **state)
{
	static const char *const texts[] = {
		"1", "1 2", "1 2 x", "a", "1 2 -3", "1 2 3 4"
	};
	struct rolling r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_false(rolling_read(texts[i], &r));
		assert_int_equal(r.n, 0);
	}
	assert_true(rolling_read("", &r));
	assert_int_equal(rolling_size(&r), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_fleet_of_the_simulation),
		cmocka_unit_test(what_is_no_fleet_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
