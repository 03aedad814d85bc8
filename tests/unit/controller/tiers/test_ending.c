/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instances on hosts that are paid for in units of time. */
#include "tiers_fixture.h"

#define MINUTE INT64_C(60000)
#define PAID(pool)                                                                     \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n" pool "[tier web]\n" \
	"unit = web@.service\npool = p\nmax = 9\nmin = 3\n" DEMAND

/* Three instances: on a, which was requested 58 minutes ago, on b, half an hour ago, and
 * nowhere. */
static void stand(struct court *c, const char *conf)
{
	struct scene *s = c->s;

	scene_apply(s, conf, TEXT);
	s->now_ms = NOW_MS - 57 * MINUTE;
	scene_host(s, "a", "p", DB_HOST_UP);
	s->now_ms = NOW_MS - 30 * MINUTE;
	scene_host(s, "b", "p", DB_HOST_UP);
	s->now_ms = NOW_MS;
	scene_load(s);
	unit_plan(s->f);
	fleet_unit_set(scene_unit(s, "web@1.service"),
		       &scene_unit(s, "web@1.service")->u.host, "a");
	fleet_unit_set(scene_unit(s, "web@2.service"),
		       &scene_unit(s, "web@2.service")->u.host, "b");
	scene_save(s);
}

static void what_ends_and_what_has_no_host_may_go(void **state)
{
	struct court *c = *state;

	stand(c, PAID("billing = 1h\n"));
	(void)tick_at(c, 5);
	assert_true(explained(c, "\"paid_ending\":2"));
	c->s->now_ms += 5 * MINUTE;
	(void)tick_at(c, 5);
	assert_true(explained(c, "\"paid_ending\":1"));
}

static void by_the_moment_nothing_ends(void **state)
{
	struct court *c = *state;

	stand(c, PAID(""));
	(void)tick_at(c, 5);
	assert_true(explained(c, "\"paid_ending\":null"));
}

/* Demand of eight instances, all on a host that was requested now; from minute 35 on, of
 * two. What the tier has in that minute. */
static int64_t has_after(struct court *c, const char *conf, int64_t minutes)
{
	struct scene *s = c->s;
	int64_t n = 0;

	scene_apply(s, conf, TEXT);
	scene_host(s, "a", "p", DB_HOST_UP);
	s->now_ms = NOW_MS - MINUTE; /* the fixture's hosts are a minute old */
	while (s->now_ms < NOW_MS + (minutes - 1) * MINUTE) {
		n = tick_at(c, s->now_ms < NOW_MS + 34 * MINUTE ? 75 : 15);
		unit_plan(s->f);
		for (size_t i = 0; i < s->f->n_units; i++)
			fleet_unit_set(&s->f->units[i], &s->f->units[i].u.host, "a");
		scene_save(s);
	}
	return n;
}

static void a_tier_keeps_what_is_paid_for_until_it_ends(void **state)
{
	struct court *c = *state;

	assert_in_range(has_after(c, PAID("billing = 1h\n"), 57), 8, 9);
	assert_true(explained(c, "\"binding\":\"paid\""));
}

static void when_that_ends_the_tier_scales_in(void **state)
{
	assert_in_range(has_after(*state, PAID("billing = 1h\n"), 60), 3, 6);
}

static void by_the_moment_a_tier_keeps_nothing(void **state)
{
	assert_in_range(has_after(*state, PAID(""), 57), 3, 6);
}

static void the_policy_knows_the_pools_billing(void **state)
{
	const struct db_pool pool = { .billing_ms = 60 * MINUTE,
				      .cloud_billing_ms = 1000,
				      .cloud_billing_min_ms = MINUTE };
	const struct db_tier tier = { .capacity = 1 };

	(void)state;
	assert_int_equal(tier_policy_settings(&tier, &pool, 1).billing_ms, 60 * MINUTE);
	assert_int_equal(tier_policy_settings(&tier, &pool, 1).billing_min_ms, MINUTE);
	assert_int_equal(tier_policy_settings(&tier, NULL, 1).billing_ms, 0);
	assert_int_equal(tier_policy_settings(&tier, NULL, 1).billing_min_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COURT_TEST(what_ends_and_what_has_no_host_may_go),
		COURT_TEST(by_the_moment_nothing_ends),
		COURT_TEST(a_tier_keeps_what_is_paid_for_until_it_ends),
		COURT_TEST(when_that_ends_the_tier_scales_in),
		COURT_TEST(by_the_moment_a_tier_keeps_nothing),
		cmocka_unit_test(the_policy_knows_the_pools_billing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
