/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db_fixture.h - a database in a temporary folder, for the tests that need one.
 */
#ifndef TESTS_DB_FIXTURE_H
#define TESTS_DB_FIXTURE_H

#include "check.h"
#include "db.h"
#include "db_plans.h"
#include "samples.h"
#include "test.h"

#include <dirent.h>
#include <string.h>

struct fixture {
	char dir[64];
	char path[96];
	struct db *db;
	struct err e;
};

static inline __attribute__((unused)) int fixture_setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/foretide-db-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/foretide.db", f->dir);
	assert_ok(db_open(f->path, &f->db, &f->e), &f->e);
	*state = f;
	return 0;
}

static inline __attribute__((unused)) void fixture_reopen(struct fixture *f)
{
	db_assert_plans(f->db);
	db_close(TAKE(f->db));
	assert_ok(db_open(f->path, &f->db, &f->e), &f->e);
}

static inline __attribute__((unused)) int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	DIR *d = opendir(f->dir);
	struct dirent *entry;

	/* Threads that read have ended; a test may have closed it. */
	if (f->db)
		db_assert_plans(f->db);
	db_close(f->db);
	while (d && (entry = readdir(d))) {
		char path[400];

		snprintf(path, sizeof(path), "%s/%s", f->dir, entry->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(f->dir);
	free(f);
	return 0;
}

#define DB_TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

#endif
