/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon_fixture.h - a daemon without its threads: database, API with the daemon's hooks,
 * the embedded store behind it, and a view of that.
 */
#ifndef TESTS_UNIT_CONTROLLER_DAEMON_FIXTURE_H
#define TESTS_UNIT_CONTROLLER_DAEMON_FIXTURE_H

#include "api_fixture.h"

#include "text.h"
#include "wiring.h"

#include <poll.h>
#include <stdatomic.h>

struct house {
	struct fixture *f;
	struct options o;
	struct daemon d;
	struct api_hooks hooks;
	char *store_url;
	atomic_int changes; /* that the view told of */
};

static inline void house_changed(void *arg)
{
	((struct house *)arg)->changes++;
}

static inline int house_setup(void **state)
{
	struct house *h = xcalloc(1, sizeof(*h));
	struct err e;

	curl_global_init(CURL_GLOBAL_ALL);
	h->f = fixture_new();
	h->o.drivers_dir = (char *)(uintptr_t) "/nonexistent";
	h->d = (struct daemon){ .magic = DAEMON_MAGIC, .o = &h->o };
	/* There will be a store by the first call; the hooks want to know now. */
	h->d.kv = (struct kv *)(uintptr_t)h;
	daemon_hooks(&h->d, &h->hooks);
	/* The API asks for it by itself, before there is a store. */
	h->hooks.end_owners = NULL;
	fixture_open(h->f, &h->hooks, "");
	h->d.db = h->d.events.db = h->f->db;
	assert_ok(kv_open(h->f->db, NULL, &h->d.kv, &e), &e);
	h->store_url = xasprintf("http://127.0.0.1:%u", api_port(h->f->api));
	h->d.store.endpoints = h->store_url;
	h->d.store.token = h->f->admin;
	*state = h;
	return 0;
}

static inline void house_open_view(struct house *h)
{
	struct err e;

	assert_ok(view_start(&h->d.store, NULL, house_changed, h, &h->d.view, &e), &e);
}

static inline int house_teardown(void **state)
{
	struct house *h = *state;

	view_stop(h->d.view);
	kv_end_watches(h->d.kv);
	api_close(TAKE(h->f->api));
	kv_close(h->d.kv);
	fixture_free(h->f);
	free(h->store_url);
	free(h);
	return 0;
}

/* Writes into the store, over HTTP as anybody; returns the revision. */
static inline int64_t house_put(struct house *h, const char *key, const char *value)
{
	CLEANUP(buf_done) struct buf body;
	CLEANUP(json_decref) json_t *doc = NULL;
	const char *rev;

	buf_init(&body, 1 << 16);
	buf_puts(&body, "{\"key\":\"");
	base64_encode(&body, key, strlen(key));
	buf_puts(&body, "\",\"value\":\"");
	base64_encode(&body, value, strlen(value));
	buf_puts(&body, "\"}");
	assert_int_equal(fixture_json(h->f,
				      CALL(.method = "POST", .path = "/v3/kv/put",
					   .token = h->f->admin, .body = buf_str(&body)),
				      &doc),
			 200);
	rev = json_string_value(
		json_object_get(json_object_get(doc, "header"), "revision"));
	assert_non_null(rev);
	return strtoll(rev, NULL, 10);
}

#define HOUSE_TEST(fn) cmocka_unit_test_setup_teardown(fn, house_setup, house_teardown)

/* Looks again until it holds; false: it never did. */
#define house_until(condition)                                             \
	({                                                                 \
		int64_t until_ = clock_mono_ms() + PATIENCE_MS;            \
		bool held_;                                                \
		while (!(held_ = (condition)) && clock_mono_ms() < until_) \
			(void)poll(NULL, 0, 2);                            \
		held_;                                                     \
	})

#endif
