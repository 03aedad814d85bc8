/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * samples_fixture.h - a database with samples, its calendar in the hands of the test.
 */
#ifndef TESTS_UNIT_DB_SAMPLES_FIXTURE_H
#define TESTS_UNIT_DB_SAMPLES_FIXTURE_H

#include "db_fixture.h"

#define MIN_MS ((int64_t)60000)
#define HOUR_MS ((int64_t)3600000)
#define DAY ((int64_t)86400000)
#define T0 (20000 * DAY) /* a midnight in 2024 */

static inline void add_at(struct fixture *f, const char *name, const char *labels,
			  enum db_series_kind kind, int64_t t, double v, int64_t now,
			  struct db_samples_result *result)
{
	struct db_sample_in in = { name, labels, kind, t, v };

	assert_ok(db_samples_add(f->db, &in, 1, now, result, &f->e), &f->e);
}

static inline void add(struct fixture *f, const char *name, int64_t t, double v)
{
	add_at(f, name, "", DB_GAUGE, t, v, t, NULL);
}

static inline int64_t id_of(struct fixture *f, const char *name)
{
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	const int64_t *ids;
	size_t n;

	assert_ok(db_selector_new(name, NULL, 0, &s, &f->e), &f->e);
	assert_ok(db_selector_ids(f->db, s, &ids, &n, &f->e), &f->e);
	assert_int_equal(n, 1);
	return ids[0];
}

/* All that is to be done at now, as the controller's ticks would. */
static inline void maintain_at(struct fixture *f, int64_t now)
{
	bool more = true;

	assert_ok(db_maintain(f->db, now, 1000, &more, &f->e), &f->e);
	while (more)
		assert_ok(db_maintain(f->db, now, 1000, &more, &f->e), &f->e);
}

static inline void pack_all(struct fixture *f, int64_t now)
{
	maintain_at(f, now);
	maintain_at(f, now + 30 * MIN_MS);
}

static inline size_t count(struct fixture *f, const char *name, int64_t from, int64_t to)
{
	CLEANUP(db_samples_done) struct db_samples s = { 0 };

	assert_ok(db_samples_get(f->db, id_of(f, name), from, to, &s, &f->e), &f->e);
	for (size_t i = 1; i < s.n; i++)
		assert_true(s.v[i].t_ms > s.v[i - 1].t_ms);
	return s.n;
}

#endif
