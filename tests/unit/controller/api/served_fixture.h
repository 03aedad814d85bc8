/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * served_fixture.h - an API that is served, of which the rest of the controller hears
 * pokes alone.
 */
#ifndef TESTS_UNIT_CONTROLLER_API_SERVED_FIXTURE_H
#define TESTS_UNIT_CONTROLLER_API_SERVED_FIXTURE_H

#include "api_fixture.h"

static inline void count_poke(void *arg, const char *why)
{
	struct fixture *f = arg;

	(void)why;
	__atomic_add_fetch(&f->pokes, 1, __ATOMIC_SEQ_CST);
}

static inline int setup(void **state)
{
	struct fixture *f = fixture_new();
	const struct api_hooks hooks = { .arg = f, .poke = count_poke };

	fixture_open(f, &hooks, "");
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static inline const char *text_of(const json_t *doc, const char *key)
{
	const char *s = json_string_value(json_object_get(doc, key));

	return s ? s : "";
}

static inline void add_hosts(const struct fixture *f, size_t n)
{
	struct err e;

	for (size_t i = 0; i < n; i++) {
		char id[32], pool[] = "web";
		struct db_host h = { .id = id, .pool = pool, .state = DB_HOST_UP };

		snprintf(id, sizeof(id), "web-%08zx", i);
		assert_ok(db_host_put(f->db, &h, &e), &e);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
