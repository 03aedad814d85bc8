/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tiers of one stack in the tick: web gets lb's requests three minutes later.
 */
#include "front_fixture.h"
#include "tiers_fixture.h"

#include "samples.h"

#define MINUTE_MS INT64_C(60000)
#define START_MS (NOW_MS / MINUTE_MS * MINUTE_MS)
enum { PAST = 14 * FRONT_DAY, LENGTH = PAST + 300 };

#define STACK                                                                          \
	WEB("capacity = 10\ndemand = sum(load)\n[tier lb]\nunit = lb.service\npool = " \
	    "p\n"                                                                      \
	    "demand = sum(hits)\ncapacity = 1000\n")

struct load {
	double lb[LENGTH], web[LENGTH];
};

static void import(struct court *c, const char *tier, const double *y)
{
	size_t added;

	assert_ok(db_demand_import(c->s->db->db, "shop", tier,
				   START_MS - PAST * MINUTE_MS, y, PAST, START_MS, &added,
				   c->s->e),
		  c->s->e);
}

static struct load *begin(struct court *c)
{
	struct load *l = xcalloc(1, sizeof(*l));

	make_front(l->lb, LENGTH, 1);
	make_back(l->web, l->lb, LENGTH, 3, 2);
	scene_apply(c->s, STACK, TEXT);
	import(c, "lb", l->lb);
	import(c, "web", l->web);
	c->s->now_ms = START_MS + 5000;
	return l;
}

/* Six ticks of a minute; lb's demand may be missing. */
static void pass_minute(struct court *c, const struct load *l, size_t minute, bool has_lb)
{
	for (int k = 0; k < 6; k++) {
		const struct db_sample_in in[] = {
			{ "load", "stack=\"shop\",tier=\"web\"", DB_GAUGE,
			  c->s->now_ms + TICK_MS, l->web[PAST + minute] },
			{ "hits", "stack=\"shop\",tier=\"lb\"", DB_GAUGE,
			  c->s->now_ms + TICK_MS, l->lb[PAST + minute] },
		};

		assert_ok(db_samples_add(c->s->db->db, in, has_lb ? 2 : 1,
					 c->s->now_ms + TICK_MS, NULL, c->s->e),
			  c->s->e);
		tick(c);
	}
}

static json_t *live(struct court *c, const char *tier, const char *member)
{
	CLEANUP(json_decref) json_t *o = tiers_live(c->tiers, "shop", tier);

	assert_non_null(json_object_get(o, member));
	return json_incref(json_object_get(o, member));
}

static bool follows(struct court *c, const char *tier)
{
	CLEANUP(json_decref) json_t *o = live(c, tier, "follows");

	return json_is_object(o);
}

static void the_tick_follows_and_says_so(void **state)
{
	struct court *c = *state;
	CLEANUP(free) struct load *l = begin(c);
	CLEANUP(json_decref) json_t *o = NULL;

	for (size_t i = 0; i < 5; i++)
		pass_minute(c, l, i, true);
	assert_true(
		explained(c, "; the forecast follows lb, whose demand leads by 3m ("));
	assert_true(explained(c, "\"follows\":{\"tier\":\"lb\",\"ahead_ms\":180000,"));
	o = live(c, "web", "follows");
	assert_string_equal(json_string_value(json_object_get(o, "tier")), "lb");
	assert_true(json_number_value(json_object_get(o, "gain")) > 0.3);
	assert_false(follows(c, "lb"));
}

static void when_the_front_falls_silent_the_own_forecast_decides(void **state)
{
	struct court *c = *state;
	CLEANUP(free) struct load *l = begin(c);

	for (size_t i = 0; i < 2; i++)
		pass_minute(c, l, i, true);
	assert_true(follows(c, "web"));
	pass_minute(c, l, 2, false);
	pass_minute(c, l, 3, false);
	assert_false(follows(c, "web"));
	assert_true(explained(c, "\"fallback_level\":\"full\""));
}

static void who_was_tried_is_told(void **state)
{
	struct court *c = *state;
	CLEANUP(free) struct load *l = begin(c);
	CLEANUP(json_decref) json_t *o = NULL;
	const json_t *web;

	pass_minute(c, l, 0, true);
	o = live(c, "lb", "tried");
	assert_int_equal(json_array_size(o), 1);
	web = json_array_get(o, 0);
	assert_string_equal(json_string_value(json_object_get(web, "tier")), "web");
	assert_true(json_number_value(json_object_get(web, "gain")) < 0.05);
	assert_false(json_is_true(json_object_get(web, "is_used")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COURT_TEST(the_tick_follows_and_says_so),
		COURT_TEST(when_the_front_falls_silent_the_own_forecast_decides),
		COURT_TEST(who_was_tried_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
