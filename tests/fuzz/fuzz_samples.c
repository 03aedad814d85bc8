/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_samples.c - samples as hosts push them: a line each, NAME{LABELS} TIME VALUE. What
 * is stored is found again under its own labels, and the limits hold.
 */
#include "check.h"
#include "db.h"
#include "samples.h"
#include "utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERIES_MAX 500
#define HOST_MAX 50
#define LINES_MAX 2000
#define NOW_MS INT64_C(1700000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/foretide-fuzz-XXXXXX";

static void remove_files(void)
{
	static const char *const names[] = { "/db", "/db-wal", "/db-shm", "/db.lock" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(free) char *path = xasprintf("%s%s", dir, names[i]);

		(void)unlink(path);
	}
	(void)rmdir(dir);
}

static struct db *new_db(void)
{
	CLEANUP(free) char *path = NULL;
	struct db_limits l;
	struct db *db = NULL;
	struct err err;

	CHECK(mkdtemp(dir));
	path = xasprintf("%s/db", dir);
	CHECK(db_open(path, &db, &err) == 0);
	CHECK(atexit(remove_files) == 0);
	db_limits_default(&l);
	l.max_series = SERIES_MAX;
	l.max_host_series = HOST_MAX;
	db_set_limits(db, &l);
	return db;
}

/* False: the line is not even one of that form. */
static bool read_line(char *line, struct db_sample_in *ret)
{
	char *labels = strchr(line, '{'), *end = strrchr(line, '}');

	if (!labels || !end || end < labels)
		return false;
	*labels++ = '\0';
	*end++ = '\0';
	*ret = (struct db_sample_in){ line, labels, DB_GAUGE, NOW_MS, 1 };
	return sscanf(end, "%ld %lf", &ret->t_ms, &ret->v) == 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct db *db;
	CLEANUP(free) char *text = xstrndup((const char *)data, size);
	CLEANUP(free) struct db_sample_in *in = xcalloc(LINES_MAX, sizeof(*in));
	struct db_samples_result r;
	char *next = text, *line;
	struct err err;
	size_t n = 0;

	db = db ? db : new_db();
	while (n < LINES_MAX && (line = strsep(&next, "\n")))
		n += read_line(line, &in[n]);
	CHECK(db_samples_add(db, in, n, NOW_MS, &r, &err) == 0);
	CHECK(r.added + r.duplicate + r.too_old + r.refused + r.no_room == n);
	CHECK(db_series_count(db) <= SERIES_MAX);
	for (size_t i = 0; i < n; i++) {
		const bool is_stored = db_series_id(db, in[i].name, in[i].labels) != 0;

		CHECK(!is_stored || utf8_is_plain(in[i].labels, LABELS_MAX_BYTES));
	}
	return 0;
}
