/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peers.h"

#include "test.h"

/* Kubernetes' documentation, "Algorithm details": twice the wanted value doubles the
 * replicas, half of it halves them, within 10 % nothing happens. */
static void the_reactive_peer_follows_the_documented_rule(void **state)
{
	struct peer p = { .headroom = 1, .capacity = 100 };

	(void)state;
	assert_int_equal(peer_reactive(&p, 0, 800, 4, 0), 8);
	assert_int_equal(peer_reactive(&p, 1, 430, 4, 0), 4);
	/* Down only when all five last wishes are down. */
	assert_int_equal(peer_reactive(&p, 2, 400, 8, 0), 8);
	for (size_t i = 3; i < 6; i++)
		(void)peer_reactive(&p, i, 400, 8, 0);
	assert_int_equal(peer_reactive(&p, 6, 400, 8, 0), 4);
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

	assert_int_equal(peer_seasonal(&p, 5, 100, 1, 0), 1);
	assert_int_equal(peer_seasonal(&p, 11, 100, 1, 0), 9);
	demand[12] = 5000; /* the future of step 11 */
	assert_int_equal(peer_seasonal(&p, 11, 100, 1, 0), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reactive_peer_follows_the_documented_rule),
		cmocka_unit_test(the_seasonal_peer_looks_at_yesterday_and_not_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
