/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_world.h - a loop with the built-in store on it, for tests of what keeps or
 * follows keys; a state folder, and what is waited for. The store is called with all
 * rights.
 */
#ifndef TESTS_UNIT_AGENT_STORE_WORLD_H
#define TESTS_UNIT_AGENT_STORE_WORLD_H

#include "db_fixture.h"
#include "loop_until.h"

#include "etcd.h"
#include "host.h"
#include "net.h"
#include "store.h"
#include "text.h"

static const struct kv_access world_all = { .owner = "",
					    .read_all = true,
					    .write_all = true };

struct store_world {
	struct fixture *db;
	struct kv *kv;
	struct store_direct direct;
	struct store_opts opts;
	struct loop *loop;
	struct files *files;
	struct httpm *http;
	struct store *store;
	struct lease *lease;
	char dir[64]; /* for state */
};

/* ---------------------------------------------------------------- the store, called */

static unsigned world_call(void *arg, const char *path, const char *body, size_t len,
			   struct buf *answer)
{
	return kv_call(arg, path, body, len, &world_all, answer);
}

static unsigned world_watch(void *arg, const char *body, size_t len, void (*wake)(void *),
			    void *wake_arg, void **ret, struct buf *answer)
{
	const struct kv_reader reader = { .wake = wake, .arg = wake_arg };
	struct kv_watch *w = NULL;
	unsigned status = kv_watch_open(arg, body, len, &world_all, &reader, &w, answer);

	*ret = w;
	return status;
}

static ssize_t world_read(void *watch, char *data, size_t max)
{
	return kv_watch_read(watch, data, max);
}

static void world_close_watch(void *watch)
{
	kv_watch_close(watch);
}

/* ---------------------------------------------------------------- others' calls */

/* The answer's document; the caller lets go of it. */
static inline json_t *world_ask(struct store_world *w, const char *path, const char *key,
				const char *value)
{
	CLEANUP(buf_done) struct buf body;
	CLEANUP(buf_done) struct buf answer = { 0 };

	buf_init(&body, 100000);
	ejson_open(&body, NULL, '{');
	ejson_add_bytes(&body, "key", key, strlen(key));
	if (value)
		ejson_add_bytes(&body, "value", value, strlen(value));
	ejson_close(&body, '}');
	assert_int_equal(
		kv_call(w->kv, path, buf_str(&body), body.len, &world_all, &answer), 200);
	return json_loads(buf_str(&answer), 0, NULL);
}

static inline void world_put(struct store_world *w, const char *key, const char *value)
{
	json_decref(world_ask(w, "/v3/kv/put", key, value));
}

static inline void world_delete(struct store_world *w, const char *key)
{
	json_decref(world_ask(w, "/v3/kv/deleterange", key, NULL));
}

/* Whether the value of the key has these words; NULL: whether there is no such key. */
static inline bool world_has(struct store_world *w, const char *key, const char *words)
{
	CLEANUP(json_decref) json_t *doc = world_ask(w, "/v3/kv/range", key, NULL);
	CLEANUP(free) char *value = NULL;
	const json_t *kvs = json_object_get(doc, "kvs");
	size_t n;

	if (!json_array_size(kvs))
		return !words;
	assert_int_equal(
		ejson_read_bytes(json_array_get(kvs, 0), "value", &value, &n, NULL), 0);
	return words && strstr(value, words);
}

/* ---------------------------------------------------------------- the world */

static bool world_found(void *arg, const char *key)
{
	(void)arg;
	(void)key;
	return true;
}

static inline void world_open(struct store_world *w)
{
	struct err e;

	fixture_setup((void **)&w->db);
	assert_ok(kv_open(w->db->db, NULL, &w->kv, &e), &e);
	w->direct = (struct store_direct){ .arg = w->kv,
					   .call = world_call,
					   .watch = world_watch,
					   .read = world_read,
					   .close = world_close_watch };
	w->opts = (struct store_opts){ .direct = &w->direct };
	strcpy(w->dir, "/tmp/foretide-world-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_ok(loop_new(&w->loop, &e), &e);
	assert_ok(files_open(w->loop, NULL, NULL, &w->files, &e), &e);
	assert_ok(httpm_open(w->loop, &w->http, &e), &e);
	assert_ok(store_open(w->loop, &w->opts, &w->store, &e), &e);
	assert_ok(lease_new(w->loop, w->store,
			    &(struct lease_opts){ .ttl_s = 600,
						  .store = &w->opts,
						  .found = world_found },
			    &w->lease, &e),
		  &e);
}

static inline void world_done(struct store_world *w)
{
	CLEANUP(free) char *command = xasprintf("rm -r %s", w->dir);

	lease_free(w->lease);
	store_close(w->store);
	httpm_close(w->http);
	files_close(w->files);
	loop_free(w->loop);
	kv_close(w->kv);
	fixture_teardown((void **)&w->db);
	assert_int_equal(system(command), 0);
}

/* What is in a file of the state folder; "" when there is none. The caller frees. */
static inline __attribute__((unused)) char *world_file(const struct store_world *w,
						       const char *name)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", w->dir, name);
	char *text = NULL;

	return conf_read_file(path, 1 << 20, &text, NULL, NULL) == 0 ? text : xstrdup("");
}

#endif
