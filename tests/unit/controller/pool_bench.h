/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool_bench.h - one pool against the scripted cloud, for the tests of its rounds.
 */
#ifndef TESTS_UNIT_CONTROLLER_POOL_BENCH_H
#define TESTS_UNIT_CONTROLLER_POOL_BENCH_H

#include "db_fixture.h"

#include "clock.h"
#include "pools.h"
#include "text.h"
#include "trust.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define UNUSED static inline __attribute__((unused))

#define POOL "web"
#define OWNER "test-owner"
#define ORPHAN "0123456789abcdef0123456789abcdef"

struct bench {
	struct fixture *f;
	struct events events;
	struct pool_opts opts;
	struct pools *pools;
	char drivers[300];
	char cloud[96]; /* folder */
	json_t *options;
	int n_changed;
	char seen_state[32]; /* of the launch when the user data was asked for */
	char seen_token[TOKEN_TEXT];
	enum pool_voice voice;     /* of the agents of hosts that a record knows */
	enum pool_voice strangers; /* and of the others */
};

UNUSED void on_changed(void *arg)
{
	struct bench *b = arg;

	b->n_changed++;
}

UNUSED enum pool_voice listen_to(void *arg, const char *host)
{
	const struct bench *b = arg;
	CLEANUP(db_host_done) struct db_host h = { 0 };
	const bool is_known =
		db_host_get(b->opts.db, host, &h, NULL) == 0 && h.state < DB_HOST_GONE;

	return is_known ? b->voice : b->strangers;
}

UNUSED int give_user_data(void *arg, const struct db_pool *pool, const struct db_host *h,
			  const char *token, char **ret, struct err *err)
{
	struct bench *b = arg;
	CLEANUP(db_launch_done) struct db_launch l = { 0 };
	int rc = db_launch_get(b->opts.db, h->launch_id, &l, err);

	assert_string_equal(pool->name, h->pool);
	if (rc < 0)
		return rc;
	snprintf(b->seen_state, sizeof(b->seen_state), "%s",
		 db_launch_state_name(l.state));
	snprintf(b->seen_token, sizeof(b->seen_token), "%s", token);
	*ret = xasprintf("#!/bin/sh\n# %s %s\n", h->id, token);
	return 0;
}

/* config is the pool's own; want hosts. */
UNUSED void put_pool(struct bench *b, const char *config, int64_t want)
{
	struct db_pool p = {
		.name = (char *)(uintptr_t)POOL,
		.driver = (char *)(uintptr_t) "fake",
		.profile = (char *)(uintptr_t) "fake",
		.max = 8,
		.config_json = (char *)(uintptr_t)config,
	};

	assert_ok(db_pool_put(b->f->db, &p, &b->f->e), &b->f->e);
	assert_ok(db_pool_want(b->f->db, POOL, want, &b->f->e), &b->f->e);
}

UNUSED void write_script(struct bench *b, const char *text)
{
	CLEANUP(free) char *path = xasprintf("%s/script.json", b->cloud);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Another life of the controller: nothing is kept but the database and the cloud. */
UNUSED void restart(struct bench *b)
{
	pools_free(b->pools);
	b->pools = pools_new(&b->opts);
}

UNUSED int setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	const char *build = getenv("B");

	fixture_setup((void **)&b->f);
	snprintf(b->drivers, sizeof(b->drivers), "%s/drivers", build ? build : "build");
	snprintf(b->cloud, sizeof(b->cloud), "%s.cloud", b->f->dir);
	assert_int_equal(mkdir(b->cloud, 0700), 0);
	b->options = json_pack("{s:{s:s}}", "fake", "dir", b->cloud);
	b->events = (struct events){ .db = b->f->db };
	b->opts = (struct pool_opts){
		.db = b->f->db,
		.events = &b->events,
		.drivers_dir = b->drivers,
		.keyring = keyring_new("/nonexistent/credentials"),
		.owner = OWNER,
		.join_secret = "a secret",
		.driver_options = b->options,
		.join_timeout_ms = 60000,
		.terminate_per_hour = 60,
		.backoff_first_ms = 1,
		.gates = { .open_first_ms = 1,
			   .open_max_ms = 1,
			   .capacity_first_ms = 60000 },
		.orphan_grace_ms = 1,
		.held_ms = -1,
		.listen = listen_to,
		.user_data = give_user_data,
		.changed = on_changed,
		.arg = b,
	};
	b->pools = pools_new(&b->opts);
	*state = b;
	return 0;
}

UNUSED int teardown(void **state)
{
	struct bench *b = *state;
	static const char *const files[] = { "script.json", "cloud.json",
					     "cloud.json.new", "lock", "bill.csv" };

	pools_free(b->pools);
	keyring_free(b->opts.keyring);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		CLEANUP(free) char *path = xasprintf("%s/%s", b->cloud, files[i]);

		unlink(path);
	}
	rmdir(b->cloud);
	json_decref(b->options);
	fixture_teardown((void **)&b->f);
	free(b);
	return 0;
}

/* ---------------------------------------------------------------- looking */

UNUSED json_t *cloud_doc(const struct bench *b)
{
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", b->cloud);

	return json_load_file(path, 0, NULL);
}

/* What the cloud itself has, whatever its lists say. */
UNUSED size_t n_vms(const struct bench *b)
{
	CLEANUP(json_decref) json_t *doc = cloud_doc(b);
	size_t n = 0, i;
	json_t *vm;

	json_array_foreach(json_object_get(doc, "vms"), i, vm) n +=
		json_integer_value(json_object_get(vm, "gone_ms")) == 0;
	return n;
}

UNUSED json_int_t n_calls(const struct bench *b, const char *op)
{
	CLEANUP(json_decref) json_t *doc = cloud_doc(b);

	return json_integer_value(json_object_get(json_object_get(doc, "calls"), op));
}

UNUSED size_t n_hosts(const struct bench *b, enum db_host_state state)
{
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };
	size_t n = 0;

	assert_ok(db_host_list(b->f->db, NULL, &l, &b->f->e), &b->f->e);
	for (size_t i = 0; i < l.n; i++)
		n += l.v[i].state == state;
	return n;
}

UNUSED struct db_host only_host(const struct bench *b)
{
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };
	struct db_host h;

	assert_ok(db_host_list(b->f->db, &(struct db_host_filter){ .present = true }, &l,
			       &b->f->e),
		  &b->f->e);
	assert_int_equal(l.n, 1);
	h = l.v[0];
	l.v[0] = (struct db_host){ 0 };
	return h;
}

UNUSED void assert_pool(const struct bench *b, const char *state, const char *words)
{
	CLEANUP(db_pool_done) struct db_pool p = { 0 };

	assert_ok(db_pool_get(b->f->db, POOL, &p, &b->f->e), &b->f->e);
	assert_string_equal(p.state, state);
	assert_non_null(p.last_error);
	assert_non_null(strstr(p.last_error, words));
}

UNUSED int64_t once(struct bench *b)
{
	return pool_reconcile(b->pools, POOL);
}

/* One round, and some of the time until the next is due. */
UNUSED void once_and_wait(struct bench *b)
{
	const int64_t ms = once(b);

	(void)poll(NULL, 0, (int)MIN(ms, 5));
}

/* As the workers do: again when it is due, until it holds; false: it never did. */
#define reconcile_until(b, condition)                                      \
	({                                                                 \
		int64_t until_ = clock_mono_ms() + PATIENCE_MS;            \
		bool held_;                                                \
		while (!(held_ = (condition)) && clock_mono_ms() < until_) \
			once_and_wait(b);                                  \
		held_;                                                     \
	})

/* All hosts as if their agents had come. */
UNUSED void bring_up(struct bench *b)
{
	CLEANUP(db_host_list_done) struct db_host_list l = { 0 };

	assert_ok(db_host_list(b->f->db, &(struct db_host_filter){ .present = true }, &l,
			       &b->f->e),
		  &b->f->e);
	for (size_t i = 0; i < l.n; i++)
		assert_ok(db_host_ready(b->f->db, l.v[i].id, clock_now_ms(), &b->f->e),
			  &b->f->e);
}

/* n hosts that are up. */
UNUSED void stand(struct bench *b, const char *config, int64_t n)
{
	put_pool(b, config, n);
	assert_true(reconcile_until(b, (int64_t)n_hosts(b, DB_HOST_BOOTING) == n));
	bring_up(b);
}

UNUSED void let_go(struct bench *b, const char *id)
{
	assert_ok(db_host_set_state(b->f->db, id, DB_HOST_TERMINATING, "not needed",
				    clock_now_ms(), &b->f->e),
		  &b->f->e);
}

/* Whether status shows that problem, with these words. */
UNUSED bool is_told(const struct bench *b, const char *kind, const char *words)
{
	CLEANUP(json_decref) json_t *list = json_array();
	size_t i;
	json_t *p;

	pools_problems(b->pools, list);
	json_array_foreach(list, i, p)
	{
		const char *is = json_string_value(json_object_get(p, "kind"));
		const char *text = json_string_value(json_object_get(p, "message"));

		if (strcmp(is, kind) == 0 && strstr(text, words))
			return true;
	}
	return false;
}

UNUSED size_t n_events(const struct bench *b, const char *kind)
{
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };

	assert_ok(db_event_list(b->f->db, &(struct db_event_filter){ .kind = kind }, &l,
				&b->f->e),
		  &b->f->e);
	return l.n;
}

#define POOL_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
