/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hall.h - what a tick stands on: a database with a stack, the built-in store with a view
 * of it, and a scheduler that notes whom it is poked for. The calendar stands at NOW_MS.
 */
#ifndef TESTS_UNIT_CONTROLLER_TICK_HALL_H
#define TESTS_UNIT_CONTROLLER_TICK_HALL_H

#include "fleet_fixture.h"

#include "clock.h"
#include "db_fail.h"
#include "own_store.h"
#include "tick.h"

#include <poll.h>
#include <pthread.h>

#define WEB(more)                                                                     \
	"[stack]\nname = shop\n[pool p]\ndriver = fake\nmax = 9\n[tier web]\nunit = " \
	"web@.service\npool = p\nmax = 9\nlead_prior = 3m\ndwell = 15m\n" more
#define DEMAND "demand = sum(load)\ncapacity = 10\n"
#define TEXT "[Service]\nExecStart=/bin/true\n"
#define DOMAIN "foretide.local"

struct hall {
	struct scene *s;
	struct events events;
	struct kv *kv;
	struct store_direct direct;
	struct store_opts store;
	struct store_sync *agents; /* who writes as hosts do */
	struct view *view;
	struct sched *sched;
	struct tick_opts o;

	pthread_mutex_t lock; /* of what follows */
	size_t n_pokes;       /* runs of pool p's worker */
};

/* Looks again until it holds; false: it never did. */
#define hall_until(condition)                                              \
	({                                                                 \
		int64_t until_ = clock_mono_ms() + PATIENCE_MS;            \
		bool held_;                                                \
		while (!(held_ = (condition)) && clock_mono_ms() < until_) \
			(void)poll(NULL, 0, 1);                            \
		held_;                                                     \
	})

UNUSED int64_t note_poke(void *arg, const char *name)
{
	struct hall *h = arg;

	pthread_mutex_lock(&h->lock);
	h->n_pokes += strcmp(name, "p") == 0;
	pthread_mutex_unlock(&h->lock);
	return 3600000;
}

UNUSED void ignore_change(void *arg)
{
	(void)arg;
}

UNUSED void give_rights(void *arg, const struct kv_rights *r)
{
	kv_set_rights(arg, r);
}

UNUSED void take_rights(void *arg, const char *host)
{
	kv_drop_rights(arg, host);
}

UNUSED bool is_followed(struct view *v)
{
	struct view_status status;

	view_status(v, &status);
	return status.ok;
}

UNUSED int hall_setup(void **state)
{
	struct hall *h = xcalloc(1, sizeof(*h));
	struct err *e;

	scene_setup((void **)&h->s);
	e = h->s->e;
	clock_hold(NOW_MS);
	pthread_mutex_init(&h->lock, NULL);
	h->events = (struct events){ .db = h->s->db->db };
	assert_ok(kv_open(h->s->db->db, NULL, &h->kv, e), e);
	h->direct = own_store(h->kv);
	h->store = (struct store_opts){ .direct = &h->direct };
	assert_ok(store_sync_open(&h->store, &h->agents, e), e);
	assert_ok(view_start(&h->store, NULL, ignore_change, NULL, &h->view, e), e);
	assert_true(hall_until(is_followed(h->view)));
	assert_ok(sched_new(1, note_poke, h, &h->sched, e), e);
	h->o = (struct tick_opts){
		.tick_ms = 10000,
		.observer = { .grace_ms = 1, .lost_after_ms = 300000 },
		.settle_ms = 1,
		.db = h->s->db->db,
		.events = &h->events,
		.view = h->view,
		.store = &h->store,
		.pools = h->sched,
		.rights = { .set = give_rights,
			    .drop = take_rights,
			    .arg = h->kv,
			    .domain = DOMAIN },
	};
	*state = h;
	return 0;
}

UNUSED int hall_teardown(void **state)
{
	struct hall *h = *state;

	sched_free(h->sched);
	view_stop(h->view);
	store_sync_close(h->agents);
	kv_close(h->kv);
	pthread_mutex_destroy(&h->lock);
	clock_hold(-1);
	scene_teardown((void **)&h->s);
	free(h);
	return 0;
}

/* ---------------------------------------------------------------- the store */

/* As an agent writes it; value NULL: its lease has ended. */
UNUSED void say(struct hall *h, const char *what, const char *host, const char *value)
{
	CLEANUP(free) char *key = xasprintf("%s%s", what, host);
	int64_t rev = 0;

	if (value) {
		assert_ok(store_sync_put(h->agents, key, value, strlen(value), 0, &rev,
					 h->s->e),
			  h->s->e);
	} else {
		bool is_done;
		const struct store_op op = { .kind = STORE_OP_DELETE, .key = key };

		assert_ok(store_sync_txn(
				  h->agents,
				  &(struct store_txn){ .then_ops = &op, .n_then = 1 },
				  &is_done, &rev, h->s->e),
			  h->s->e);
	}
	assert_ok(view_wait(h->view, rev, PATIENCE_MS, h->s->e), h->s->e);
}

/* A host of pool p whose agent is there. */
UNUSED void join(struct hall *h, const char *id)
{
	CLEANUP(db_host_done) struct db_host host = { 0 };

	scene_host(h->s, id, "p", DB_HOST_UP);
	assert_ok(db_host_get(h->s->db->db, id, &host, h->s->e), h->s->e);
	free(host.address);
	host.address = xstrdup("10.0.0.1");
	assert_ok(db_host_put(h->s->db->db, &host, h->s->e), h->s->e);
	say(h, "/foretide/hosts/", id, "{\"metadata\": {}}");
}

/* The value under the key, the caller's; NULL: there is none. */
UNUSED char *stored(struct hall *h, const char *what, const char *host)
{
	CLEANUP(free) char *key = xasprintf("%s%s", what, host);
	CLEANUP(store_kvs_done) struct store_kvs kvs = { 0 };

	assert_ok(store_sync_range(h->agents, key, NULL, 0, 0, &kvs, h->s->e), h->s->e);
	return kvs.n ? xstrdup(kvs.kvs[0].value) : NULL;
}

UNUSED bool is_scheduled(struct hall *h, const char *host, const char *unit)
{
	CLEANUP(free) char *text = stored(h, "/foretide/schedule/", host);

	return text && strstr(text, unit);
}

/* ---------------------------------------------------------------- the database */

UNUSED void measure(struct hall *h, double v)
{
	const struct db_sample_in in = { "load", "stack=\"shop\",tier=\"web\"", DB_GAUGE,
					 clock_now_ms(), v };

	assert_ok(db_samples_add(h->s->db->db, &in, 1, clock_now_ms(), NULL, h->s->e),
		  h->s->e);
}

UNUSED int64_t desired(struct hall *h)
{
	CLEANUP(db_tier_done) struct db_tier t = { 0 };

	assert_ok(db_tier_get(h->s->db->db, "shop", "web", &t, h->s->e), h->s->e);
	return t.desired;
}

UNUSED int64_t wanted_hosts(struct hall *h)
{
	CLEANUP(db_pool_done) struct db_pool p = { 0 };

	assert_ok(db_pool_get(h->s->db->db, "p", &p, h->s->e), h->s->e);
	return p.want;
}

UNUSED enum db_host_state state_of(struct hall *h, const char *id)
{
	CLEANUP(db_host_done) struct db_host host = { 0 };

	assert_ok(db_host_get(h->s->db->db, id, &host, h->s->e), h->s->e);
	return host.state;
}

/* How often pool p's worker was poked since the last call, once it has run. */
UNUSED size_t pokes(struct hall *h)
{
	size_t n;

	assert_true(hall_until(sched_is_idle(h->sched)));
	pthread_mutex_lock(&h->lock);
	n = h->n_pokes;
	h->n_pokes = 0;
	pthread_mutex_unlock(&h->lock);
	return n;
}

/* Whether the list of problems has one of that kind, with these words. */
UNUSED bool has_problem(const json_t *problems, const char *kind, const char *words)
{
	size_t i;
	const json_t *p;

	json_array_foreach(problems, i, p)
	{
		const char *is = json_string_value(json_object_get(p, "kind"));
		const char *text = json_string_value(json_object_get(p, "message"));

		if (strcmp(is, kind) == 0 && strstr(text, words))
			return true;
	}
	return false;
}

#define HALL_TEST(fn) cmocka_unit_test_setup_teardown(fn, hall_setup, hall_teardown)

#endif
