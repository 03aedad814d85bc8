/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts that are paid for in units of time, and which instances go first. */
#include "fleet_fixture.h"

#include "plan_units.h"

#define MINUTE INT64_C(60000)
#define WEB(pool)                                                                      \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n" pool "[tier web]\n" \
	"unit = web@.service\npool = p\nmax = 9\nmin = 2\n"
#define TEXT "[Service]\nExecStart=/bin/true\n"

/* Host a was requested an hour but a minute ago, b half an hour ago; an instance of web
 * on each. */
static void stand(struct scene *s, const char *conf)
{
	scene_apply(s, conf, TEXT);
	s->now_ms = NOW_MS - 58 * MINUTE;
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
	scene_load(s);
}

/* One of the two has to go; those named are not healthy. */
static const char *who_goes(struct scene *s, const char *sick)
{
	for (size_t i = 0; i < s->f->n_units; i++)
		s->f->units[i].healthy = !strstr(sick, s->f->units[i].u.name);
	scene_desire(s, "web", 1);
	unit_plan(s->f);
	return scene_unit(s, "web@1.service")->u.goal == DB_GOAL_DRAIN   ? "web@1"
	       : scene_unit(s, "web@2.service")->u.goal == DB_GOAL_DRAIN ? "web@2"
									 : "nobody";
}

static void a_pools_billing_is_kept(void **state)
{
	struct scene *s = *state;

	stand(s, WEB("billing = 1h\n"));
	assert_int_equal(s->f->pools.n, 1);
	assert_int_equal(s->f->pools.v[0].billing_ms, 3600000);
}

static void a_host_ends_in_the_last_minutes_of_each_unit(void **state)
{
	struct scene *s = *state;
	static const struct {
		int64_t minutes; /* after NOW_MS, at which a is 59 minutes old */
		bool is_ending;
	} at[] = { { -2, false }, { -1, true },  { 0, true },   { 1, false },
		   { 2, false },  { 58, false }, { 59, true },  { 60, true },
		   { 61, false }, { 599, true }, { 601, false } };

	stand(s, WEB("billing = 1h\n"));
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		s->f->now_ms = NOW_MS + at[i].minutes * MINUTE;
		assert_int_equal(fleet_host_is_ending(s->f, fleet_host(s->f, "a")),
				 at[i].is_ending);
	}
}

static void within_the_minimum_no_host_ends(void **state)
{
	struct scene *s = *state;
	const struct fleet_host *a;

	stand(s, WEB("billing = 1s\nbilling_min = 1h\n"));
	a = fleet_host(s->f, "a");
	s->f->now_ms = NOW_MS - 2 * MINUTE;
	assert_false(fleet_host_is_ending(s->f, a));
	s->f->now_ms = NOW_MS;
	assert_true(fleet_host_is_ending(s->f, a));
	assert_string_equal(who_goes(s, ""), "web@1");
	s->f->now_ms = NOW_MS + 30 * MINUTE;
	assert_true(fleet_host_is_ending(s->f, a));
}

static void units_of_seconds_are_the_moment(void **state)
{
	struct scene *s = *state;

	stand(s, WEB("billing = 1s\nbilling_min = 60s\n"));
	assert_false(fleet_pool_is_paid_ahead(fleet_pool(s->f, "p")));
	assert_false(fleet_host_is_ending(s->f, fleet_host(s->f, "a")));
	assert_string_equal(who_goes(s, ""), "web@2");
}

static void by_the_moment_no_host_ends(void **state)
{
	struct scene *s = *state;

	stand(s, WEB(""));
	assert_false(fleet_host_is_ending(s->f, fleet_host(s->f, "a")));
}

static void who_is_on_a_host_that_ends_goes_first(void **state)
{
	struct scene *s = *state;

	stand(s, WEB("billing = 1h\n"));
	assert_string_equal(who_goes(s, ""), "web@1");
}

static void who_is_not_healthy_goes_before(void **state)
{
	struct scene *s = *state;

	stand(s, WEB("billing = 1h\n"));
	assert_string_equal(who_goes(s, "web@2.service"), "web@2");
}

static void by_the_moment_the_newest_host_is_left(void **state)
{
	struct scene *s = *state;

	stand(s, WEB(""));
	assert_string_equal(who_goes(s, ""), "web@2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(a_pools_billing_is_kept),
		SCENE_TEST(a_host_ends_in_the_last_minutes_of_each_unit),
		SCENE_TEST(within_the_minimum_no_host_ends),
		SCENE_TEST(units_of_seconds_are_the_moment),
		SCENE_TEST(by_the_moment_no_host_ends),
		SCENE_TEST(who_is_on_a_host_that_ends_goes_first),
		SCENE_TEST(who_is_not_healthy_goes_before),
		SCENE_TEST(by_the_moment_the_newest_host_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
