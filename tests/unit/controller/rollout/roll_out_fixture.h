/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * roll_out_fixture.h - rounds over a tier that gets a new text, for the tests of
 * roll-outs.
 */
#ifndef TESTS_UNIT_CONTROLLER_ROLL_OUT_FIXTURE_H
#define TESTS_UNIT_CONTROLLER_ROLL_OUT_FIXTURE_H

#include "fleet_fixture.h"

#include "rollout.h"

#define CONF(more)                                                                    \
	"[stack]\nname = shop\n" more                                                 \
	"[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = web@.service\npool = p" \
	"\nmax = 9\nmin = 3\n"

#define STACK CONF("")
#define TEXT "[Service]\nExecStart=/bin/old\n"
#define NEW_TEXT "[Service]\nExecStart=/bin/new\n"

struct watchman {
	struct scene *s;
	struct roll_outs *r;
	struct events events;
	int64_t mono_ms;
	bool is_doubtful;
	bool is_shrunk;      /* most hosts are silent */
	int64_t silent_ms;   /* for so long */
	const char *fails;   /* instances with the new text; NULL: none does */
	bool are_late;       /* instances with the new text do not serve */
	const char *silent;  /* hosts, "ab", that are replaced; NULL */
	bool are_in_grace;   /* they are not yet */
	bool push_still;     /* their metrics arrive */
	const char *applied; /* between reading and writing; NULL */
	bool by_application; /* responses are counted, else by the balancer */
};

UNUSED int setup(void **state)
{
	struct watchman *w = xcalloc(1, sizeof(*w));

	scene_setup((void **)&w->s);
	w->r = roll_outs_new();
	w->events = (struct events){ .db = w->s->db->db };
	w->mono_ms = 1000000;
	*state = w;
	return 0;
}

UNUSED int teardown(void **state)
{
	struct watchman *w = *state;

	roll_outs_free(w->r);
	scene_teardown((void **)&w->s);
	free(w);
	return 0;
}

UNUSED bool is_new(const struct fleet_unit *u)
{
	return u->tier && u->tier->cat &&
	       strcmp(u->u.hash, u->tier->cat->unit->hash) == 0;
}

UNUSED bool is_rolling(const struct fleet_unit *u)
{
	return is_new(u) && u->tier->roll.stack &&
	       u->tier->roll.state != DB_ROLL_OUT_DONE && *u->tier->roll.good;
}

UNUSED void see(struct watchman *w, struct fleet_unit *u)
{
	const bool is_bad = is_rolling(u) && (w->fails || w->are_late);

	u->healthy = u->u.goal == DB_GOAL_RUN && u->host && u->host->alive && !is_bad;
	u->failing = is_rolling(u) && u->host ? w->fails : NULL;
}

UNUSED void see_host(const struct watchman *w, struct fleet_host *h)
{
	h->alive = !w->silent || !strchr(w->silent, *h->h.id);
	h->h.is_replaced = !h->alive && !w->are_in_grace;
	h->silent_ms = h->alive ? 0 : w->silent_ms;
	h->is_cut = !h->alive && w->push_still;
}

/* A round: all instances are placed on host a, b, c by turns, and serve. */
UNUSED void go_round(struct watchman *w)
{
	static const char *const hosts[] = { "a", "b", "c" };
	struct fleet *f;

	scene_load(w->s);
	f = w->s->f;
	for (size_t i = 0; i < f->n_hosts; i++)
		see_host(w, &f->hosts[i]);
	for (size_t i = 0; i < f->n_units; i++)
		see(w, &f->units[i]);
	if (w->applied)
		scene_apply(w->s, STACK, w->applied);
	assert_ok(roll_outs_update(w->r, f,
				   w->is_doubtful ? ROLL_OUT_TRUST_NOTHING
				   : w->is_shrunk ? ROLL_OUT_TRUST_STORE
						  : ROLL_OUT_TRUST_ALL,
				   w->mono_ms, &w->events, w->s->e),
		  w->s->e);
	roll_outs_go_back(w->r, f, &w->events);
	unit_plan(f);
	for (size_t i = 0; i < f->n_units; i++) {
		struct fleet_unit *u = &f->units[i];

		if (u->u.goal == DB_GOAL_RUN && !*u->u.host) {
			fleet_unit_set(u, &u->u.host, hosts[i % 3]);
			u->u.placed_ms = w->s->now_ms;
		}
		u->u.drained = u->u.goal != DB_GOAL_RUN;
		u->dirty = true;
	}
	scene_save(w->s);
}

UNUSED void pass(struct watchman *w, int64_t seconds)
{
	w->s->now_ms += seconds * 1000;
	w->mono_ms += seconds * 1000;
	go_round(w);
}

UNUSED void stand(struct watchman *w, const char *conf)
{
	scene_apply(w->s, conf, TEXT);
	for (const char *h = "a\0b\0c\0"; *h; h += 2)
		scene_host(w->s, h, "p", DB_HOST_UP);
	for (int i = 0; i < 3; i++)
		pass(w, 400);
}

UNUSED size_t n_new(const struct watchman *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->s->f->n_units; i++)
		n += w->s->f->units[i].u.goal == DB_GOAL_RUN &&
		     is_new(&w->s->f->units[i]);
	return n;
}

UNUSED enum db_roll_out_state state_of(const struct watchman *w)
{
	assert_non_null(w->s->f->tiers[0].roll.stack);
	return w->s->f->tiers[0].roll.state;
}

UNUSED size_t n_events(struct watchman *w, const char *kind)
{
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };
	const struct db_event_filter of = { .kind = kind };

	assert_ok(db_event_list(w->s->db->db, &of, &l, w->s->e), w->s->e);
	return l.n;
}

/* The count of an instance's responses. */
UNUSED void count(struct watchman *w, int n, const char *code, double v)
{
	CLEANUP(free)
	char *of_balancer =
		xasprintf("code=\"%s\",host=\"l\",proxy=\"web\",server=\"web-%d-80\","
			  "stack=\"shop\",tier=\"lb\",unit=\"lb@1.service\"",
			  code, n);
	CLEANUP(free)
	char *of_application = xasprintf("stack=\"shop\",status=\"%s\",tier=\"web\","
					 "unit=\"web@%d.service\"",
					 code, n);
	const struct db_sample_in in = { w->by_application
						 ? "http_requests_total"
						 : "haproxy_server_http_responses_total",
					 w->by_application ? of_application : of_balancer,
					 DB_COUNTER, w->s->now_ms, v };

	assert_ok(db_samples_add(w->s->db->db, &in, 1, w->s->now_ms, NULL, w->s->e),
		  w->s->e);
}

/* n seconds in which each instance answers a request a second; those with the new text
 * with that code. */
UNUSED void serve(struct watchman *w, int seconds, const char *code)
{
	static double ok[4], bad[4];

	for (int k = 0; k < seconds; k += 5) {
		for (int i = 1; i <= 3; i++) {
			CLEANUP(free) char *name = xasprintf("web@%d.service", i);
			const struct fleet_unit *u = scene_unit(w->s, name);

			*(u && is_rolling(u) && strcmp(code, "5xx") == 0 ? &bad[i]
									 : &ok[i]) += 5;
			count(w, i, "2xx", ok[i]);
			count(w, i, "5xx", bad[i]);
		}
		pass(w, 5);
	}
}

#define ALONE                                                                        \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier lb]\nunit = " \
	"lb.service\npool = p\n"

#define WATCH_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
