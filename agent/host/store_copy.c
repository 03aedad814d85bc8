/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store_copy.h"

#include "check.h"
#include "clock.h"
#include "copy_file.h"
#include "prefix_copy.h"
#include "withdrawal.h"

#include <string.h>

#define TIDY_MS 60000

struct keys_user {
	struct keys_user *next;
	struct copy *copy;
	char *prefix;
	keys_fn *fn; /* NULL: to be freed */
	void *arg;
	bool knows; /* that the copy is there */
};

struct copy {
	struct copy *next;
	struct keys *keys;
	char *prefix;
	struct prefix_copy *data; /* NULL: there is no store */
	struct keys_user *users;
};

struct keys {
	struct loop *loop;
	struct store *store;
	struct keys_opts opts;
	char *state_dir;
	struct loop_timer *sweep, *tidy;
	struct copy *copies;
	int64_t since_ms;
};

static bool begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool touches(const struct keys_user *u, const struct mirror_change *changes,
		    size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (begins(changes[i].kv->key, u->prefix))
			return true;
	return false;
}

/* The first batch may be of others alone: then its own part of the copy is empty. */
static void tell(struct keys_user *u, const struct mirror_change *changes, size_t n)
{
	bool is_news = !u->knows || n == 0;

	u->knows = true;
	if (touches(u, changes, n))
		u->fn(u->arg, changes, n);
	else if (is_news)
		u->fn(u->arg, NULL, 0);
}

static void on_change(void *arg, const struct mirror_change *changes, size_t n)
{
	struct copy *c = arg;

	/* New users are put first, dead ones stay until the sweep: so the list may be
	 * walked. */
	for (struct keys_user *u = c->users; u; u = u->next)
		if (u->fn)
			tell(u, changes, n);
}

static void free_copy(struct copy *c)
{
	struct keys_user *next;

	prefix_copy_free(c->data);
	for (struct keys_user *u = c->users; u; u = next) {
		next = u->next;
		free(u->prefix);
		free(u);
	}
	free(c->prefix);
	free(c);
}

static void sweep_users(struct copy *c)
{
	for (struct keys_user **at = &c->users; *at;) {
		struct keys_user *u = *at;

		if (u->fn) {
			at = &u->next;
			continue;
		}
		*at = u->next;
		free(u->prefix);
		free(u);
	}
}

static void sweep(void *arg)
{
	struct keys *k = arg;

	for (struct copy **at = &k->copies; *at;) {
		struct copy *c = *at;

		sweep_users(c);
		if (c->users) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		free_copy(c);
	}
}

static bool is_fresh(const struct copy *c)
{
	return mirror_is_synced(prefix_copy_mirror(c->data));
}

static bool is_open(void *arg, const char *path)
{
	const struct keys *k = arg;

	for (const struct copy *c = k->copies; c; c = c->next)
		if (strcmp(prefix_copy_path(c->data), path) == 0)
			return true;
	return false;
}

/* Not before all are fresh: a tier whose files the store has yet to name may use one. */
static void on_tidy(void *arg)
{
	struct keys *k = arg;
	bool fresh = true;

	for (const struct copy *c = k->copies; c; c = c->next)
		fresh &= is_fresh(c);
	if (fresh)
		copy_file_tidy(k->state_dir, is_open, k);
	loop_timer_in(k->tidy, TIDY_MS);
}

struct keys *keys_new(struct loop *l, struct store *s, const struct keys_opts *o)
{
	struct keys *k = xcalloc(1, sizeof(*k));

	k->loop = l;
	k->store = s;
	if (o)
		k->opts = *o;
	if (k->opts.state_dir)
		k->opts.state_dir = k->state_dir = xstrdup(o->state_dir);
	k->since_ms = clock_mono_ms();
	k->sweep = loop_timer_new(l, sweep, k);
	k->tidy = loop_timer_new(l, on_tidy, k);
	if (s && k->state_dir)
		loop_timer_in(k->tidy, TIDY_MS);
	return k;
}

void keys_free(struct keys *k)
{
	struct copy *next;

	if (!k)
		return;
	for (struct copy *c = k->copies; c; c = next) {
		next = c->next;
		free_copy(c);
	}
	loop_timer_free(k->sweep);
	loop_timer_free(k->tidy);
	free(k->state_dir);
	free(k);
}

static struct copy *find_copy(struct keys *k, const char *prefix)
{
	for (struct copy *c = k->copies; c; c = c->next)
		if (begins(prefix, c->prefix))
			return c;
	return NULL;
}

/*
 * The prefix to copy for one that is asked for: "/foretide/secrets/shop/" for
 * "/foretide/secrets/shop" and for "/foretide/secrets/shop/db/password", but never
 * "/foretide/secrets/shop-2/".
 */
static char *whole_prefix(const char *prefix)
{
	static const char *const by_stack[] = { "/foretide/conf/", "/foretide/secrets/",
						"/apps/" };

	if (begins(prefix, WITHDRAWAL_ROOT))
		return xstrdup(WITHDRAWAL_ROOT);
	for (size_t i = 0; i < ARRAY_SIZE(by_stack); i++) {
		size_t n = strlen(by_stack[i]);
		int stack =
			begins(prefix, by_stack[i]) ? (int)strcspn(prefix + n, "/") : 0;

		if (stack)
			return xasprintf("%s%.*s/", by_stack[i], stack, prefix + n);
	}
	return xstrdup(prefix);
}

struct keys_user *keys_use(struct keys *k, const char *prefix, keys_fn *fn, void *arg)
{
	CLEANUP(free) char *whole = whole_prefix(prefix);
	struct copy *c = find_copy(k, whole);
	struct keys_user *u = xcalloc(1, sizeof(*u));

	CHECK(fn);
	if (!c) {
		c = xcalloc(1, sizeof(*c));
		c->keys = k;
		c->prefix = xstrdup(whole);
		c->next = k->copies;
		k->copies = c;
		if (k->store)
			c->data = prefix_copy_new(k->loop, k->store, whole, &k->opts,
						  on_change, c);
	}
	u->copy = c;
	u->prefix = xstrdup(prefix);
	u->fn = fn;
	u->arg = arg;
	u->knows = keys_has_copy(u);
	u->next = c->users;
	c->users = u;
	return u;
}

void keys_unuse(struct keys_user *u)
{
	if (!u)
		return;
	u->fn = NULL;
	loop_timer_in(u->copy->keys->sweep, 0);
}

static const struct mirror *mirror_of(const struct keys_user *u)
{
	return u->copy->data ? prefix_copy_mirror(u->copy->data) : NULL;
}

bool keys_has_copy(const struct keys_user *u)
{
	return mirror_of(u) && mirror_has_copy(mirror_of(u));
}

const char *keys_problem(const struct keys_user *u)
{
	return u->copy->data ? prefix_copy_problem(u->copy->data) : "";
}

int64_t keys_stale_since_ms(const struct keys_user *u)
{
	if (!mirror_of(u))
		return u->copy->keys->since_ms;
	return mirror_stale_since_ms(mirror_of(u));
}

const struct store_kv *keys_get(const struct keys_user *u, const char *key)
{
	return mirror_of(u) ? mirror_get(mirror_of(u), key) : NULL;
}

void keys_each(const struct keys_user *u, const char *prefix, mirror_each_fn *fn,
	       void *arg)
{
	if (mirror_of(u))
		mirror_each(mirror_of(u), prefix, fn, arg);
}
