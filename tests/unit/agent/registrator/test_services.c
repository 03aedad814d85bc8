/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of a unit's services says when it is restarted. */
#include "test.h"

#include "check.h"
#include "services.h"

/* Two checked services of a unit that is up, both passing. */
struct pair {
	struct x_service x[2];
	struct service s[2];
	struct entry e;
};

static void stand(struct pair *p, int64_t first_ms, int64_t second_ms)
{
	*p = (struct pair){
		.x = { { .check = X_CHECK_TCP, .restart_ms = first_ms },
		       { .check = X_CHECK_TCP, .restart_ms = second_ms } },
		.e = { .up = true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(p->s); i++)
		p->s[i] = (struct service){ .entry = &p->e,
					    .x = &p->x[i],
					    .health = { .now = HEALTH_PASSING } };
	p->e.list = (struct x_services){ .v = p->x, .n = 2 };
	p->e.services = p->s;
}

static void never_is_not_overridden_by_a_service_that_passes(void **state)
{
	struct pair p;

	(void)state;
	stand(&p, 0, 30000);
	p.s[0].health.now = HEALTH_FAILING;
	assert_int_equal(services_health(&p.e), HEALTH_FAILING);
	assert_int_equal(services_restart_ms(&p.e), 0);
	p.s[1].health.now = HEALTH_FAILING;
	assert_int_equal(services_restart_ms(&p.e), 30000);
}

static void of_those_that_fail_the_shortest_holds(void **state)
{
	struct pair p;

	(void)state;
	stand(&p, 60000, 30000);
	p.s[0].health.now = HEALTH_FAILING;
	assert_int_equal(services_restart_ms(&p.e), 60000);
	p.s[1].health.now = HEALTH_FAILING;
	assert_int_equal(services_restart_ms(&p.e), 30000);
}

static void after_a_restart_one_that_does_not_pass_fails_still(void **state)
{
	struct pair p;

	(void)state;
	stand(&p, 0, 30000);
	p.e.sick = true;
	p.s[0].health.now = p.s[1].health.now = HEALTH_STARTING;
	assert_int_equal(services_restart_ms(&p.e), 30000);
	/* The one that caused it passes again; the other may take for ever. */
	p.s[1].health.now = HEALTH_PASSING;
	assert_int_equal(services_health(&p.e), HEALTH_FAILING);
	assert_int_equal(services_restart_ms(&p.e), 0);
	/* One that starts for the first time is let start. */
	p.e.sick = false;
	p.s[1].health.now = HEALTH_STARTING;
	assert_int_equal(services_restart_ms(&p.e), 0);
}

static void what_is_not_checked_says_nothing(void **state)
{
	struct pair p;

	(void)state;
	stand(&p, 0, 30000);
	p.x[1].check = X_CHECK_NONE;
	p.s[0].health.now = HEALTH_FAILING;
	p.s[1].health.now = HEALTH_STARTING;
	p.e.sick = true;
	assert_int_equal(services_restart_ms(&p.e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_is_not_overridden_by_a_service_that_passes),
		cmocka_unit_test(of_those_that_fail_the_shortest_holds),
		cmocka_unit_test(after_a_restart_one_that_does_not_pass_fails_still),
		cmocka_unit_test(what_is_not_checked_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
