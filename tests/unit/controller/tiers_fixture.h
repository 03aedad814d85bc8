/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tiers_fixture.h - tiers decided tick after tick, over a scene. */
#ifndef TESTS_UNIT_CONTROLLER_TIERS_FIXTURE_H
#define TESTS_UNIT_CONTROLLER_TIERS_FIXTURE_H

#include "fleet_fixture.h"

#include "tiers.h"

#define WEB(more)                                                                     \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"web@.service\npool = p\nmax = 9\nlead_prior = 3m\ndwell = 15m\n" more
#define DEMAND "demand = sum(load)\ncapacity = 10\n"
#define TEXT "[Service]\nExecStart=/bin/true\n"
#define TICK_MS 10000

struct court {
	struct scene *s;
	struct events events;
	struct tiers *tiers;
	const char *distrust;
};

UNUSED int court_setup(void **state)
{
	struct court *c = xcalloc(1, sizeof(*c));

	scene_setup((void **)&c->s);
	c->events = (struct events){ .db = c->s->db->db };
	c->tiers = tiers_new(c->s->db->db);
	*state = c;
	return 0;
}

UNUSED int court_teardown(void **state)
{
	struct court *c = *state;

	tiers_free(c->tiers);
	scene_teardown((void **)&c->s);
	free(c);
	return 0;
}

UNUSED void measure(struct court *c, double v)
{
	struct db_sample_in in = { "load", "stack=\"shop\",tier=\"web\"", DB_GAUGE,
				   c->s->now_ms, v };

	assert_ok(db_samples_add(c->s->db->db, &in, 1, c->s->now_ms, NULL, c->s->e),
		  c->s->e);
}

UNUSED void decide_all(struct court *c, bool only_new)
{
	assert_ok(tiers_decide(c->tiers, c->s->f,
			       &(struct tiers_context){
				       .events = &c->events,
				       .distrust = c->distrust,
				       .tick_ms = TICK_MS,
				       .only_new = only_new,
			       },
			       c->s->e),
		  c->s->e);
}

/* A tick later; returns what the tier shall have. */
UNUSED int64_t tick(struct court *c)
{
	c->s->now_ms += TICK_MS;
	scene_load(c->s);
	decide_all(c, false);
	return fleet_tier(c->s->f, "shop", "web")->t.desired;
}

UNUSED int64_t tick_at(struct court *c, double demand)
{
	c->s->now_ms += TICK_MS;
	measure(c, demand);
	c->s->now_ms -= TICK_MS;
	return tick(c);
}

UNUSED bool explained(struct court *c, const char *words)
{
	return strstr(fleet_tier(c->s->f, "shop", "web")->t.explanation_json, words);
}

#define COURT_TEST(fn) cmocka_unit_test_setup_teardown(fn, court_setup, court_teardown)

#endif
