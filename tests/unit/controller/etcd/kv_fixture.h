/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kv_fixture.h - a built-in store on a database of its own, and calls of it by owners.
 */
#ifndef TESTS_KV_FIXTURE_H
#define TESTS_KV_FIXTURE_H

#include "db_fixture.h"

#include "etcd.h"
#include "member.h"
#include "text.h"

#include <stdarg.h>

#define UNUSED __attribute__((unused))

struct world {
	struct fixture *f;
	struct kv *kv;
};

static const struct kv_access all = { .owner = "", .read_all = true, .write_all = true };

static inline UNUSED void world_open(struct world *w, const struct kv_opts *opts)
{
	assert_ok(kv_open(w->f->db, opts, &w->kv, &w->f->e), &w->f->e);
}

static inline UNUSED int world_setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	fixture_setup((void **)&w->f);
	world_open(w, NULL);
	*state = w;
	return 0;
}

static inline UNUSED int world_teardown(void **state)
{
	struct world *w = *state;

	kv_close(w->kv);
	fixture_teardown((void **)&w->f);
	free(w);
	return 0;
}

#define KV_TEST(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

/* One that may read and write all, as far as its limits go. */
static inline UNUSED struct kv_access somebody(const char *owner,
					       const struct kv_limits *limits)
{
	return (struct kv_access){
		.owner = owner, .limits = limits, .read_all = true, .write_all = true
	};
}

/* The base64 of a text; the caller frees it. */
static inline UNUSED char *b64(const char *text)
{
	struct buf b;

	buf_init(&b, 1u << 24);
	base64_encode(&b, text, strlen(text));
	return buf_take(&b);
}

/* The HTTP status; *ret_doc (may be NULL) is the caller's. */
static inline UNUSED unsigned call(struct kv *kv, const struct kv_access *a,
				   const char *path, const char *body, json_t **ret_doc)
{
	CLEANUP(buf_done) struct buf answer;
	unsigned status = kv_call(kv, path, body, strlen(body), a, &answer);

	if (ret_doc)
		*ret_doc = json_loadb(buf_str(&answer), answer.len, 0, NULL);
	return status;
}

static inline UNUSED unsigned put(struct kv *kv, const struct kv_access *a,
				  const char *key, const char *value)
{
	CLEANUP(free) char *k = b64(key);
	CLEANUP(free) char *v = b64(value);
	CLEANUP(free)
	char *body = xasprintf("{\"key\":\"%s\",\"value\":\"%s\"}", k, v);

	return call(kv, a, "/v3/kv/put", body, NULL);
}

/* A number of an answer, which is a string there; 0: it has none of that name. */
static inline UNUSED int64_t number(const json_t *doc, const char *name)
{
	const char *text = json_string_value(json_object_get(doc, name));

	return text ? strtoll(text, NULL, 10) : 0;
}

/* How many keys are in [key, end). */
static inline UNUSED int64_t count(struct kv *kv, const char *key, const char *end)
{
	CLEANUP(free) char *k = b64(key);
	CLEANUP(free) char *e = b64(end);
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free)
	char *body = xasprintf("{\"key\":\"%s\",\"range_end\":\"%s\","
			       "\"count_only\":true}",
			       k, e);

	assert_int_equal(call(kv, &all, "/v3/kv/range", body, &doc), 200);
	return number(doc, "count");
}

/* The words of an error. */
static inline UNUSED const char *error_of(const json_t *doc)
{
	const char *words = json_string_value(json_object_get(doc, "error"));

	return words ? words : "";
}

#endif
