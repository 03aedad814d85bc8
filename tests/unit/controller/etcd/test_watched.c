/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree of watched ranges finds those, and only those, that a key is in. */
#include "check.h"
#include "cleanup.h"
#include "test.h"
#include "watched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANGES 400

static struct kv_bytes bytes(const char *text, size_t len)
{
	struct kv_bytes b = { xcalloc(1, len + 1), len };

	memcpy(b.data, text, len);
	return b;
}

static struct kv_watched *get(struct kv_watched **root, const char *key, const char *end,
			      size_t end_len)
{
	struct kv_bytes k = bytes(key, strlen(key)), e = bytes(end, end_len);
	struct kv_watched *r = kv_watched_get(root, &k, &e);

	free(k.data);
	free(e.data);
	return r;
}

static struct kv_key *key_of(const char *name)
{
	struct kv_key *k = xcalloc(1, sizeof(*k) + strlen(name) + 1);

	k->len = strlen(name);
	memcpy(k->name, name, k->len);
	return k;
}

static void mark(void *arg, struct kv_watched *r)
{
	(void)arg;
	r->n_watches++; /* how often it was found */
}

static size_t depth(const struct kv_watched *r)
{
	size_t left = r ? depth(r->left) : 0, right = r ? depth(r->right) : 0;

	return r ? 1 + MAX(left, right) : 0;
}

static void random_word(char *word, unsigned *seed)
{
	size_t n = 1 + (size_t)rand_r(seed) % 4;

	for (size_t i = 0; i < n; i++)
		word[i] = (char)('a' + rand_r(seed) % 3);
	word[n] = '\0';
}

static bool is_in(const char *key, const char *end, size_t end_len, const char *name)
{
	if (end_len == 0)
		return strcmp(key, name) == 0;
	if (end_len == 1 && *end == '\0')
		return strcmp(name, key) >= 0;
	return strcmp(name, key) >= 0 && strcmp(name, end) < 0;
}

static void it_finds_what_a_look_at_all_finds(void **state)
{
	static struct {
		char key[8], end[8];
		size_t end_len;
		struct kv_watched *r;
	} v[RANGES];
	struct kv_watched *root = NULL;
	unsigned seed = 7;
	size_t n_ranges = RANGES;

	(void)state;
	for (size_t i = 0; i < RANGES; i++) {
		random_word(v[i].key, &seed);
		random_word(v[i].end, &seed);
		v[i].end_len = strlen(v[i].end);
		if (i % 3 == 0)
			v[i].end_len = 0;
		if (i % 17 == 0)
			v[i].end[0] = '\0', v[i].end_len = 1;
		v[i].r = get(&root, v[i].key, v[i].end, v[i].end_len);
	}
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 300; i++) {
			CLEANUP(free) struct kv_key *k = NULL;
			char word[8];

			random_word(word, &seed);
			k = key_of(word);
			for (size_t j = 0; j < n_ranges; j++)
				v[j].r->n_watches = 0;
			kv_watched_find(root, k, mark, NULL);
			for (size_t j = 0; j < n_ranges; j++) {
				bool in = is_in(v[j].key, v[j].end, v[j].end_len, word);

				assert_int_equal(v[j].r->n_watches, in);
				assert_int_equal(kv_watched_has(v[j].r, k), in);
			}
		}
		/* Half of them go, each range once. */
		for (size_t j = RANGES / 2; round == 0 && j < RANGES; j++) {
			bool shared = false;

			for (size_t i = 0; i < j; i++)
				shared |= v[i].r == v[j].r;
			if (!shared)
				kv_watched_remove(&root, v[j].r);
		}
		n_ranges = RANGES / 2;
	}
	for (size_t i = 0; i < n_ranges; i++)
		v[i].r->n_watches = 0;
	while (root)
		kv_watched_remove(&root, root);
}

static void equal_ranges_are_one(void **state)
{
	struct kv_watched *root = NULL;
	struct kv_watched *a = get(&root, "/skydns/", "/skydns0", 8);

	(void)state;
	assert_ptr_equal(get(&root, "/skydns/", "/skydns0", 8), a);
	assert_ptr_not_equal(get(&root, "/skydns/", "/skydns1", 8), a);
	assert_ptr_not_equal(get(&root, "/skydns/", "", 0), a);
	assert_int_equal(kv_watched_end(a).len, 8);
	assert_int_equal(kv_watched_end(get(&root, "/skydns/", "", 0)).len, 0);
	while (root)
		kv_watched_remove(&root, root);
}

/* Hosts come in the order of their names. */
static void the_tree_stays_flat(void **state)
{
	struct kv_watched *root = NULL;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "/foretide/schedule/h%05d", i);
		get(&root, name, "", 0);
	}
	assert_true(depth(root) < 60);
	while (root)
		kv_watched_remove(&root, root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_what_a_look_at_all_finds),
		cmocka_unit_test(equal_ranges_are_one),
		cmocka_unit_test(the_tree_stays_flat),
	};

	return cmocka_run_group_tests_name("watched", tests, NULL, NULL);
}
