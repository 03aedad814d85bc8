/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake_mirror.h - a mirror without a store, for tests of what reads one.
 *
 * Defines the functions of common/store/mirror.h, so the linker takes these. Keys are put
 * and deleted by the test; nothing is told before fake_sync().
 */
#ifndef TESTS_UNIT_AGENT_FAKE_MIRROR_H
#define TESTS_UNIT_AGENT_FAKE_MIRROR_H

#include "check.h"
#include "cleanup.h"
#include "clock.h"
#include "sorted.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

#define FAKE_KEYS 101000 /* a name full of records, and some */

struct mirror {
	struct mirror *next;
	char *prefix;
	mirror_fn *fn;
	mirror_refused_fn *refused;
	void *arg;
};

static struct {
	struct store_kv kv[FAKE_KEYS];
	size_t n;
	bool synced;          /* the store answers */
	int64_t lost_ms;      /* it does not any more, since */
	struct mirror *first; /* those that are open */
	size_t opened;
} fake;

static inline bool fake_begins(const char *s, const char *prefix)
{
	return !prefix || strncmp(s, prefix, strlen(prefix)) == 0;
}

static inline size_t fake_place(const char *key)
{
	return SORTED_PLACE(fake.n, i, strcmp(fake.kv[i].key, key) < 0);
}

static inline void fake_tell(const struct mirror_change *change)
{
	struct mirror *next;

	for (struct mirror *m = fake.first; fake.synced && m; m = next) {
		next = m->next;
		if (fake_begins(change->kv->key, m->prefix))
			m->fn(m->arg, change, 1);
	}
}

static inline void fake_put(const char *key, const char *value)
{
	size_t at = fake_place(key);
	bool there = at < fake.n && strcmp(fake.kv[at].key, key) == 0;
	struct store_kv old = there ? fake.kv[at] : (struct store_kv){ 0 };
	struct mirror_change change = { .kv = &fake.kv[at], .old = there ? &old : NULL };

	CHECK(there || fake.n < FAKE_KEYS);
	if (!there) {
		memmove(fake.kv + at + 1, fake.kv + at, (fake.n - at) * sizeof(old));
		fake.n++;
	}
	fake.kv[at] = (struct store_kv){ .key = xstrdup(key),
					 .key_len = strlen(key),
					 .value = xstrdup(value),
					 .value_len = strlen(value) };
	fake_tell(&change);
	free((char *)(uintptr_t)old.key);
	free((char *)(uintptr_t)old.value);
}

static inline void fake_delete(const char *key)
{
	size_t at = fake_place(key);
	struct store_kv old;
	struct mirror_change change = { .deleted = true, .kv = &old, .old = &old };

	CHECK(at < fake.n && strcmp(fake.kv[at].key, key) == 0);
	old = fake.kv[at];
	memmove(fake.kv + at, fake.kv + at + 1, (--fake.n - at) * sizeof(old));
	fake_tell(&change);
	free((char *)(uintptr_t)old.key);
	free((char *)(uintptr_t)old.value);
}

static inline void fake_first_news(struct mirror *m)
{
	CLEANUP(free)
	struct mirror_change *changes = xcalloc(fake.n + 1, sizeof(*changes));
	size_t n = 0;

	for (size_t i = 0; i < fake.n; i++)
		if (fake_begins(fake.kv[i].key, m->prefix))
			changes[n++] = (struct mirror_change){ .kv = &fake.kv[i] };
	m->fn(m->arg, changes, n);
}

/* The store answers its first reads. Mirrors opened later have their copy at once. */
static inline void fake_sync(void)
{
	struct mirror *next;

	fake.synced = true;
	for (struct mirror *m = fake.first; m; m = next) {
		next = m->next;
		fake_first_news(m);
	}
}

static inline void fake_reset(void)
{
	for (size_t i = 0; i < fake.n; i++) {
		free((char *)(uintptr_t)fake.kv[i].key);
		free((char *)(uintptr_t)fake.kv[i].value);
	}
	fake.n = 0;
	fake.synced = false;
	fake.lost_ms = 0;
	fake.opened = 0;
	CHECK(!fake.first);
}

struct mirror *mirror_new(struct store *s, const char *prefix, mirror_fn *fn, void *arg)
{
	struct mirror *m = xcalloc(1, sizeof(*m));

	(void)s;
	m->prefix = xstrdup(prefix);
	m->fn = fn;
	m->arg = arg;
	m->next = fake.first;
	fake.first = m;
	fake.opened++;
	return m;
}

void mirror_free(struct mirror *m)
{
	struct mirror **at = &fake.first;

	if (!m)
		return;
	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	free(m->prefix);
	free(m);
}

/* Copies on disk and vanished records are tested with real mirrors. */
void mirror_set_judge(struct mirror *m, mirror_judge_fn *fn)
{
	(void)m;
	(void)fn;
}

void mirror_on_read(struct mirror *m, mirror_read_fn *fn)
{
	(void)m;
	(void)fn;
}

void mirror_on_refused(struct mirror *m, mirror_refused_fn *fn)
{
	m->refused = fn;
}

bool mirror_was_read(const struct mirror *m, const char *key)
{
	(void)m;
	(void)key;
	return false;
}

void mirror_seed(struct mirror *m, const struct store_kv *kv)
{
	(void)m;
	(void)kv;
	CHECK(false);
}

void mirror_restore(struct mirror *m, const struct store_kv *kv)
{
	(void)m;
	(void)kv;
	CHECK(false);
}

void mirror_remove(struct mirror *m, const char *key)
{
	(void)m;
	(void)key;
	CHECK(false);
}

bool mirror_has_copy(const struct mirror *m)
{
	(void)m;
	return fake.synced;
}

bool mirror_is_synced(const struct mirror *m)
{
	(void)m;
	return fake.synced && !fake.lost_ms;
}

int64_t mirror_stale_since_ms(const struct mirror *m)
{
	(void)m;
	return fake.lost_ms;
}

int64_t mirror_rev(const struct mirror *m)
{
	(void)m;
	return fake.synced;
}

const struct store_kv *mirror_get(const struct mirror *m, const char *key)
{
	size_t at = fake_place(key);

	(void)m;
	return fake.synced && at < fake.n && strcmp(fake.kv[at].key, key) == 0
		       ? &fake.kv[at]
		       : NULL;
}

size_t mirror_count(const struct mirror *m)
{
	size_t n = 0;

	for (size_t i = 0; i < fake.n; i++)
		n += fake_begins(fake.kv[i].key, m->prefix);
	return n;
}

void mirror_each(const struct mirror *m, const char *prefix, mirror_each_fn *fn,
		 void *arg)
{
	for (size_t i = 0; fake.synced && i < fake.n; i++)
		if (fake_begins(fake.kv[i].key, m->prefix) &&
		    fake_begins(fake.kv[i].key, prefix) && !fn(arg, &fake.kv[i]))
			return;
}

#endif
