/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bodies.h"

#include "check.h"

#include <stdio.h>

#include "test.h"

#define MB ((size_t)1 << 20)

static bool takes(struct bodies *b, const char *host, size_t n)
{
	return bodies_take(b, BODIES_OF_HOSTS, host, 0, n);
}

static void one_owner_has_a_few_and_others_theirs(void **state)
{
	struct bodies *b = bodies_new();

	(void)state;
	assert_true(takes(b, "host web-1", 4 * MB));
	assert_true(takes(b, "host web-1", 4 * MB));
	assert_false(takes(b, "host web-1", MB));
	assert_true(takes(b, "host web-1", BODIES_SMALL));
	assert_true(takes(b, "host web-2", MB));
	assert_true(bodies_take(b, BODIES_OF_PROGRAMS, "programs web-1", 0, 4 * MB));
	bodies_give(b, BODIES_OF_HOSTS, "host web-1", 4 * MB);
	assert_true(takes(b, "host web-1", MB));
	bodies_free(b);
}

static void a_body_that_grows_takes_only_what_it_has_not(void **state)
{
	struct bodies *b = bodies_new();

	(void)state;
	assert_true(takes(b, "host web-1", 4 * MB));
	assert_true(bodies_take(b, BODIES_OF_HOSTS, "host web-1", 4 * MB, 8 * MB));
	assert_false(takes(b, "host web-1", MB));
	bodies_give(b, BODIES_OF_HOSTS, "host web-1", 8 * MB);
	assert_true(takes(b, "host web-1", 8 * MB));
	bodies_free(b);
}

static void a_body_larger_than_a_budget_comes_alone(void **state)
{
	struct bodies *b = bodies_new();

	(void)state;
	assert_true(bodies_take(b, BODIES_OF_PEOPLE, "token 1", 0, 64 * MB));
	assert_false(bodies_take(b, BODIES_OF_PEOPLE, "token 1", 0, MB));
	assert_true(bodies_take(b, BODIES_OF_PEOPLE, "token 2", 0, MB));
	assert_false(bodies_take(b, BODIES_OF_PEOPLE, "token 2", 0, 64 * MB));
	bodies_free(b);
}

/* What programs hold leaves people and hosts theirs. */
static void a_share_has_an_end_that_no_small_body_meets(void **state)
{
	struct bodies *b = bodies_new();
	char name[32];
	size_t n = 0;

	(void)state;
	for (; n < 1000; n++) {
		snprintf(name, sizeof(name), "programs %zu", n);
		if (!bodies_take(b, BODIES_OF_PROGRAMS, name, 0, BODIES_PER_PROGRAMS))
			break;
	}
	assert_int_equal(n, BODIES_PROGRAMS_MAX / BODIES_PER_PROGRAMS);
	assert_true(bodies_take(b, BODIES_OF_PROGRAMS, name, 0, BODIES_SMALL));
	assert_true(bodies_take(b, BODIES_OF_PEOPLE, "token 1", 0, 4 * MB));
	assert_true(takes(b, "host web-1", 4 * MB));
	bodies_free(b);
}

static void who_has_much_read_waits_alone(void **state)
{
	struct bodies *b = bodies_new();
	size_t n = 0;

	(void)state;
	while (n < 1000 && bodies_pay(b, "host web-1", 2 * MB) == 0)
		n++;
	assert_in_range(n, 16, 100);
	assert_in_range(bodies_pay(b, "host web-1", 0), 1, 5);
	assert_int_equal(bodies_pay(b, "host web-2", 2 * MB), 0);
	/* Many small ones have a price too. */
	for (n = 0; n < 1000000 && bodies_pay(b, "host web-3", 14) == 0;)
		n++;
	assert_in_range(n, 1000, 100000);
	bodies_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_owner_has_a_few_and_others_theirs),
		cmocka_unit_test(a_body_that_grows_takes_only_what_it_has_not),
		cmocka_unit_test(a_body_larger_than_a_budget_comes_alone),
		cmocka_unit_test(a_share_has_an_end_that_no_small_body_meets),
		cmocka_unit_test(who_has_much_read_waits_alone),
	};

	return cmocka_run_group_tests_name("bodies", tests, NULL, NULL);
}
