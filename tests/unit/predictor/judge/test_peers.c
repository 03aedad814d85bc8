/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peers.h"

#include "test.h"

/* Kubernetes' documentation, "Algorithm details": twice the wanted value doubles the
 * replicas, half of it halves them, within 10 % nothing happens. */
static void the_reactive_peer_follows_the_documented_rule(void **state)
{
	struct peer p = { .headroom = 1, .capacity = 100 };

	(void)state;
	assert_int_equal(peer_reactive(&p, &(struct fleet_now){ .i = 0,
								.demand = 800,
								.running = 4,
								.booting = 0 }),
			 8);
	assert_int_equal(peer_reactive(&p, &(struct fleet_now){ .i = 1,
								.demand = 430,
								.running = 4,
								.booting = 0 }),
			 4);
	/* Down only when all five last wishes are down. */
	assert_int_equal(peer_reactive(&p, &(struct fleet_now){ .i = 2,
								.demand = 400,
								.running = 8,
								.booting = 0 }),
			 8);
	for (size_t i = 3; i < 6; i++)
		(void)peer_reactive(
			&p, &(struct fleet_now){
				    .i = i, .demand = 400, .running = 8, .booting = 0 });
	assert_int_equal(peer_reactive(&p, &(struct fleet_now){ .i = 6,
								.demand = 400,
								.running = 8,
								.booting = 0 }),
			 4);
}

static void the_seasonal_peer_looks_at_yesterday_and_not_ahead(void **state)
{
	double past[48], demand[24] = { 0 };

	(void)state;
	for (size_t i = 0; i < 48; i++)
		past[i] = i % 24 == 12 ? 900 : 100;
	struct peer p = { .headroom = 1,
			  .capacity = 100,
			  .past = past,
			  .n_past = 48,
			  .demand = demand,
			  .lead = 1,
			  .day = 24 };

	assert_int_equal(peer_seasonal(&p, &(struct fleet_now){ .i = 5,
								.demand = 100,
								.running = 1,
								.booting = 0 }),
			 1);
	assert_int_equal(peer_seasonal(&p, &(struct fleet_now){ .i = 11,
								.demand = 100,
								.running = 1,
								.booting = 0 }),
			 9);
	demand[12] = 5000; /* the future of step 11 */
	assert_int_equal(peer_seasonal(&p, &(struct fleet_now){ .i = 11,
								.demand = 100,
								.running = 1,
								.booting = 0 }),
			 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reactive_peer_follows_the_documented_rule),
		cmocka_unit_test(the_seasonal_peer_looks_at_yesterday_and_not_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
