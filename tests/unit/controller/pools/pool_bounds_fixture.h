/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool_bounds_fixture.h - rounds of a pool on a calendar that may stand still, over a
 * cloud that is changed behind its back.
 */
#ifndef TESTS_UNIT_CONTROLLER_POOL_BOUNDS_FIXTURE_H
#define TESTS_UNIT_CONTROLLER_POOL_BOUNDS_FIXTURE_H

#include "pool_bench.h"

#define MINUTE_MS INT64_C(60000)

UNUSED void rounds(struct bench *b, int n)
{
	for (int i = 0; i < n; i++)
		once(b);
}

UNUSED struct db_host_list present(const struct bench *b)
{
	struct db_host_list l = { 0 };

	assert_ok(db_host_list(b->f->db, &(struct db_host_filter){ .present = true }, &l,
			       &b->f->e),
		  &b->f->e);
	return l;
}

/* On a calendar that stands until it is moved. */
UNUSED int setup_held(void **state)
{
	const int rc = setup(state);
	struct bench *b = *state;

	clock_hold(clock_now_ms());
	b->opts.join_timeout_ms = 20 * MINUTE_MS;
	return rc;
}

UNUSED int teardown_held(void **state)
{
	clock_hold(-1);
	return teardown(state);
}

UNUSED void pass(int64_t ms)
{
	clock_hold(clock_now_ms() + ms);
}

UNUSED void add_vm(struct bench *b, const char *id, const char *launch_id,
		   const char *name)
{
	CLEANUP(json_decref) json_t *doc = cloud_doc(b);
	CLEANUP(free) char *path = xasprintf("%s/cloud.json", b->cloud);
	json_t *vms = json_object_get(doc, "vms");
	json_t *twin = json_deep_copy(json_array_get(vms, 0));

	json_object_set_new(twin, "id", json_string(id));
	json_object_set_new(twin, "launch_id", json_string(launch_id));
	json_object_set_new(twin, "name", json_string(name));
	json_object_set_new(twin, "gone_ms", json_integer(0));
	json_array_append_new(vms, twin);
	assert_int_equal(json_dump_file(doc, path, 0), 0);
}

#define HELD_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_held, teardown_held)

#endif
