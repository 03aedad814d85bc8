/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which keys a lease has, whatever happened to them. */
#include "batch.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS 12
#define LEASES 4 /* the first is none */

static void put(struct kv_batch *b, int key, int64_t lease)
{
	char name[8], value[] = "v";

	snprintf(name, sizeof(name), "k%d", key);
	kv_batch_put(b, &(struct kv_bytes){ name, strlen(name) },
		     &(struct kv_bytes){ value, 1 }, lease);
}

static void delete_one(struct kv_batch *b, int key)
{
	char name[8];
	bool is;
	size_t at;

	snprintf(name, sizeof(name), "k%d", key);
	at = kv_find(b->space, name, strlen(name), &is);
	if (is && kv_at(b->space->keys[at], 0))
		kv_batch_delete(b, b->space->keys[at]);
}

/* The index has what a look at all keys finds, in its order. */
static void assert_leases(const struct keyspace *s)
{
	for (int64_t lease = 1; lease < LEASES; lease++) {
		size_t n = 0;

		for (size_t i = 0; i < s->n_keys; i++) {
			const struct kv_change *c = kv_at(s->keys[i], 0);

			if (c && c->lease == lease)
				assert_ptr_equal(kv_leased(s, lease, n++), s->keys[i]);
		}
		assert_null(kv_leased(s, lease, n));
	}
}

static void change_some(struct kv_batch *b)
{
	for (int i = rand() % 5; i >= 0; i--) {
		if (rand() % 3)
			put(b, rand() % KEYS, rand() % LEASES);
		else
			delete_one(b, rand() % KEYS);
	}
}

static void a_lease_has_the_keys_that_were_last_put_under_it(void **state)
{
	struct keyspace s = { .rev = 1 };
	struct kv_batch b = { .space = &s };

	(void)state;
	srand(1);
	for (int i = 0; i < 2000; i++) {
		change_some(&b);
		assert_leases(&s);
		if (rand() % 3)
			kv_batch_done(&b);
		else
			kv_batch_undo(&b);
		assert_leases(&s);
		if (rand() % 20 == 0 && keyspace_mark(&s, s.rev))
			keyspace_sweep(&s);
		assert_leases(&s);
	}
	keyspace_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lease_has_the_keys_that_were_last_put_under_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
