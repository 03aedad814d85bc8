/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet_fixture.h - a database with an applied stack, and rounds over it: for the tests
 * of what a tick is made of.
 */
#ifndef TESTS_UNIT_CONTROLLER_FLEET_FIXTURE_H
#define TESTS_UNIT_CONTROLLER_FLEET_FIXTURE_H

#include "db_fixture.h"

#include "fleet.h"
#include "stacks.h"

#define NOW_MS INT64_C(1700000000000)
#define UNUSED static inline __attribute__((unused))

struct scene {
	struct fixture *db;
	struct err *e;
	struct catalog *catalog;
	struct fleet *f; /* of the round */
	int64_t now_ms;
};

UNUSED int scene_setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));

	fixture_setup((void **)&s->db);
	s->e = &s->db->e;
	s->catalog = catalog_new();
	s->now_ms = NOW_MS;
	*state = s;
	return 0;
}

UNUSED int scene_teardown(void **state)
{
	struct scene *s = *state;

	catalog_free(s->catalog);
	fleet_free(s->f);
	fixture_teardown((void **)&s->db);
	free(s);
	return 0;
}

#define SCENE_TEST(fn) cmocka_unit_test_setup_teardown(fn, scene_setup, scene_teardown)

/* conf is stack.conf; each unit file that it may name has the text. */
UNUSED void scene_apply(struct scene *s, const char *conf, const char *text)
{
	static const char *const units[] = { "units/web@.service", "units/app@.service",
					     "units/db.service", "units/lb.service" };
	CLEANUP(json_decref) json_t *files = json_object();
	CLEANUP(stack_file_free) struct stack_file *file = NULL;
	CLEANUP(free) char *canonical = NULL;
	int64_t version;

	json_object_set_new(files, "stack.conf", json_string(conf));
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strstr(conf, strchr(units[i], '/') + 1))
			json_object_set_new(files, units[i], json_string(text));
	assert_ok(stack_file_read(files, &file, s->e), s->e);
	canonical = stack_file_canonical(files);
	assert_ok(stack_apply(s->db->db, file, canonical, STACK_ANY_VERSION, s->now_ms,
			      &version, s->e),
		  s->e);
}

UNUSED void scene_load(struct scene *s)
{
	fleet_free(TAKE(s->f));
	assert_ok(fleet_load(s->db->db, s->now_ms, &s->f, s->e), s->e);
	assert_ok(catalog_update(s->catalog, s->f, s->e), s->e);
}

UNUSED void scene_host(struct scene *s, const char *id, const char *pool,
		       enum db_host_state state)
{
	struct db_host h = {
		.id = (char *)(uintptr_t)id,
		.pool = (char *)(uintptr_t)pool,
		.state = state,
		.requested_ms = s->now_ms - 60000,
		.joined_ms = state >= DB_HOST_UP ? s->now_ms - 30000 : 0,
		.ready_ms = state >= DB_HOST_UP ? s->now_ms - 30000 : 0,
		.cpu = 4,
		.memory_bytes = 1LL << 32,
	};

	assert_ok(db_host_put(s->db->db, &h, s->e), s->e);
}

/* The fleet's unit of that name; NULL. */
UNUSED struct fleet_unit *scene_unit(struct scene *s, const char *name)
{
	for (size_t i = 0; i < s->f->n_units; i++)
		if (strcmp(s->f->units[i].u.name, name) == 0)
			return &s->f->units[i];
	return NULL;
}

/* How many instances the tier shall have, as if decided. */
UNUSED void scene_desire(struct scene *s, const char *tier, int64_t n)
{
	struct fleet_tier *t = fleet_tier(s->f, "shop", tier);

	assert_non_null(t);
	t->t.desired = n;
	assert_ok(db_tiers_decide(s->db->db, &t->t, 1, s->e), s->e);
}

UNUSED void scene_save(struct scene *s)
{
	assert_ok(fleet_save_units(s->db->db, s->f, s->e), s->e);
}

#endif
