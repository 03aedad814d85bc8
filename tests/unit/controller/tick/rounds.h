/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rounds.h - one round after the other in a hall, in the test's own thread.
 */
#ifndef TESTS_UNIT_CONTROLLER_TICK_ROUNDS_H
#define TESTS_UNIT_CONTROLLER_TICK_ROUNDS_H

#include "hall.h"

#include "round.h"

struct rounds {
	struct hall *h;
	struct tick_parts parts;
	struct observed seen; /* by the latest */
	bool is_blind;        /* the view does not follow the store */
};

UNUSED int rounds_setup(void **state)
{
	struct rounds *r = xcalloc(1, sizeof(*r));

	hall_setup((void **)&r->h);
	*state = r;
	return 0;
}

UNUSED int rounds_teardown(void **state)
{
	struct rounds *r = *state;

	tick_parts_done(&r->parts);
	hall_teardown((void **)&r->h);
	free(r);
	return 0;
}

UNUSED void go_round(struct rounds *r, bool full)
{
	struct round now = { .parts = &r->parts, .full = full };
	struct err e;

	view_snapshot(r->h->view, "/foretide/", &now.view);
	assert_true(now.view.has_copy);
	now.view.is_synced = !r->is_blind;
	assert_ok(round_run(&now, &e), &e);
	r->seen = now.seen;
	round_done(&now);
}

/* A full one, a tick later. */
UNUSED void tick(struct rounds *r)
{
	clock_hold(clock_now_ms() + r->h->o.tick_ms);
	go_round(r, true);
}

UNUSED void start_with(struct rounds *r, const char *conf, const char *text)
{
	tick_parts_init(&r->parts, &r->h->o);
	assert_ok(store_sync_open(&r->h->store, &r->parts.store, r->h->s->e), r->h->s->e);
	scene_apply(r->h->s, conf, text);
}

UNUSED void start(struct rounds *r, const char *conf)
{
	start_with(r, conf, TEXT);
}

UNUSED bool is_told(struct rounds *r, const char *kind, const char *words)
{
	CLEANUP(json_decref) json_t *list = problems_json(&r->parts.problems);

	return has_problem(list, kind, words);
}

UNUSED bool explained_of(struct rounds *r, const char *tier, const char *words)
{
	CLEANUP(db_tier_done) struct db_tier t = { 0 };

	assert_ok(db_tier_get(r->h->s->db->db, "shop", tier, &t, r->h->s->e), r->h->s->e);
	return strstr(t.explanation_json, words);
}

UNUSED bool explained(struct rounds *r, const char *words)
{
	return explained_of(r, "web", words);
}

/* Demand falls for an hour, for four times as long as a tier dwells. */
UNUSED void quiet_hour(struct rounds *r)
{
	r->h->o.tick_ms = 60000;
	for (int i = 0; i < 60; i++) {
		measure(r->h, 1);
		tick(r);
	}
}

UNUSED int64_t store_rev(struct rounds *r)
{
	struct kv_stats s;

	kv_stats(r->h->kv, &s);
	return s.rev;
}

#define ROUND_TEST(fn) cmocka_unit_test_setup_teardown(fn, rounds_setup, rounds_teardown)

#endif
