/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulation.h"

#include "check.h"
#include "cleanup.h"
#include "test.h"

struct script {
	const size_t *wish;
};

static size_t next_wish(void *arg, const struct fleet_now *now)
{
	const struct script *s = arg;

	return s->wish[now->i];
}

/* Boots of two steps, by the step. */
static const struct fleet_terms terms = { .capacity = 1, .lead = 2, .paid.unit = 1 };

static void a_launch_serves_after_its_boot_and_is_billed_at_once(void **state)
{
	static const double demand[] = { 1, 2, 2, 2, 2, 1 };
	static const size_t wish[] = { 2, 2, 2, 2, 1, 1 };
	struct script s = { wish };
	struct fleet_run r;

	(void)state;
	fleet_simulate(&terms, demand, 6, 1, next_wish, &s, &r);
	/* Asked for at the end of step 0, booting in 1 and 2, serving in 3 and 4. */
	assert_int_equal(r.running[2], 1);
	assert_int_equal(r.running[3], 2);
	assert_int_equal(r.running[5], 1);
	assert_close(r.instance_steps, 1 + 2 + 2 + 2 + 2 + 1, 0);
	assert_close(r.short_share, 2.0 / 6, 1e-12);
	assert_close(r.unserved_share, 2.0 / 10, 1e-12);
	assert_int_equal(r.actions, 2);
	free(r.running);
}

static void what_boots_is_cancelled_first(void **state)
{
	static const double demand[] = { 1, 1, 1, 1, 1 };
	static const size_t wish[] = { 5, 2, 2, 2, 2 };
	struct script s = { wish };
	struct fleet_run r;

	(void)state;
	fleet_simulate(&terms, demand, 5, 2, next_wish, &s, &r);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(r.running[i], 2);
	assert_close(r.instance_steps, 2 + 5 + 2 + 2 + 2, 0);
	free(r.running);
}

static void the_oracle_keeps_over_short_gaps_and_reboots_over_long_ones(void **state)
{
	/* Second instance needed in steps 1 and 3 (gap 1) and 9 (gap 5); boot 2. */
	static const size_t need[] = { 1, 2, 1, 2, 1, 1, 1, 1, 1, 2 };
	struct fleet_run r;

	(void)state;
	fleet_oracle(&terms, need, 10, 1, &r);
	/* 13 needed, 2 boot before step 1, 1 kept, 2 boot before step 9. */
	assert_close(r.instance_steps, 13 + 2 + 1 + 2, 0);
	assert_int_equal(r.running[2], 2);
	assert_int_equal(r.running[5], 1);
	assert_close(r.short_share, 0, 0);
	free(r.running);
}

/* Two fleets step by step, by turns: each comes to what it comes to alone. */
static void fleets_go_on_step_by_step_side_by_side(void **state)
{
	static const double demand[] = { 1, 2, 2, 2, 2, 1, 3 };
	static const size_t wish[2][7] = { { 2, 2, 2, 2, 1, 1, 1 },
					   { 3, 0, 2, 2, 2, 5, 0 } };
	static const size_t running[7] = { 1, 1, 1, 2, 2, 1, 1 };
	struct fleet_sim *f[2] = { fleet_sim_new(&terms, 7, 1),
				   fleet_sim_new(&terms, 9, 1) };
	struct fleet_run r, alone;

	(void)state;
	for (size_t i = 0; i < 7; i++)
		for (int k = 0; k < 2; k++) {
			struct fleet_now now;

			fleet_serve(f[k], demand[i], &now);
			if (k == 0)
				assert_int_equal(now.running, running[i]);
			assert_int_equal(now.running + now.booting,
					 i ? wish[k][i - 1] : 1);
			fleet_want(f[k], wish[k][i]);
		}
	for (int k = 0; k < 2; k++) {
		struct script s = { wish[k] };

		fleet_result(f[k], &r);
		fleet_simulate(&terms, demand, 7, 1, next_wish, &s, &alone);
		assert_memory_equal(r.running, alone.running, 7 * sizeof(*r.running));
		assert_close(r.instance_steps, alone.instance_steps, 0);
		assert_close(r.short_share, alone.short_share, 0);
		assert_close(r.unserved_share, alone.unserved_share, 0);
		assert_int_equal(r.actions, alone.actions);
		free(r.running);
		free(alone.running);
		fleet_sim_free(f[k]);
	}
}

static void a_fleet_that_never_served_comes_to_nothing(void **state)
{
	CLEANUP(fleet_sim_free) struct fleet_sim *f = fleet_sim_new(&terms, 0, 3);
	struct fleet_run r;

	(void)state;
	fleet_result(f, &r);
	assert_close(r.instance_steps + r.short_share + r.unserved_share, 0, 0);
	free(r.running);
	fleet_sim_free(NULL);
}

/* Boots of 1 and 5 steps in turn: of four launches two serve early, two late. */
static void boots_vary_as_those_that_were_measured(void **state)
{
	static const size_t boots[] = { 1, 5 };
	const struct fleet_terms vary = { .capacity = 1,
					  .lead = 3,
					  .paid.unit = 1,
					  .boots = boots,
					  .n_boots = 2,
					  .overdue = 2 };
	CLEANUP(fleet_sim_free) struct fleet_sim *f = fleet_sim_new(&vary, 9, 1);
	size_t early = 0;
	struct fleet_now now;

	(void)state;
	fleet_serve(f, 1, &now);
	fleet_want(f, 5);
	for (int i = 1; i < 8; i++) {
		fleet_serve(f, 1, &now);
		early = i == 2 ? now.running - 1 : early;
		assert_int_equal(now.running + now.booting, 5);
		assert_int_equal(now.running, i < 2 ? 1 : i < 6 ? 1 + early : 5);
		/* Launched at the start of step 1: overdue after more than two steps. */
		assert_int_equal(now.overdue, i >= 3 && i < 6 ? 4 - early : 0);
		fleet_want(f, 5);
	}
	assert_int_equal(early, 2);
}

static void without_a_boot_a_launch_serves_in_the_next_step(void **state)
{
	const struct fleet_terms at_once = { .capacity = 1, .paid.unit = 1 };
	CLEANUP(fleet_sim_free) struct fleet_sim *f = fleet_sim_new(&at_once, 2, 1);
	struct fleet_now now;

	(void)state;
	fleet_serve(f, 1, &now);
	fleet_want(f, 4);
	fleet_serve(f, 1, &now);
	assert_int_equal(now.running, 4);
	assert_int_equal(now.booting, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_launch_serves_after_its_boot_and_is_billed_at_once),
		cmocka_unit_test(what_boots_is_cancelled_first),
		cmocka_unit_test(
			the_oracle_keeps_over_short_gaps_and_reboots_over_long_ones),
		cmocka_unit_test(fleets_go_on_step_by_step_side_by_side),
		cmocka_unit_test(a_fleet_that_never_served_comes_to_nothing),
		cmocka_unit_test(boots_vary_as_those_that_were_measured),
		cmocka_unit_test(without_a_boot_a_launch_serves_in_the_next_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
