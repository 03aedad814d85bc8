/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A backup holds all of a database and its files, and nothing that is no backup is
 * taken for one. */
#include "db_fixture.h"

#include "clock.h"
#include "text.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct paths {
	char backup[128], restored[128];
};

static struct paths paths_of(const struct fixture *f)
{
	struct paths p;

	snprintf(p.backup, sizeof(p.backup), "%s/backup", f->dir);
	snprintf(p.restored, sizeof(p.restored), "%s/restored.db", f->dir);
	return p;
}

static const struct db_backup_file keys[] = {
	{ "ca/ca.pem", 0644, "a certificate\n", 14 },
	{ "ca/ca.key", 0600, "\0secret\n", 8 },
};

/* What the restore handed out. */
struct taken {
	size_t n;
	char names[4][32];
	unsigned modes[4];
	char data[4][32];
	size_t len[4];
	bool refuse;
};

static int take(void *arg, const struct db_backup_file *file, struct err *err)
{
	struct taken *t = arg;

	assert_true(t->n < 4 && file->len <= sizeof(t->data[0]));
	if (t->refuse)
		return err_set(err, ERR_UNAVAIL, "no room for %s", file->name);
	snprintf(t->names[t->n], sizeof(t->names[0]), "%s", file->name);
	t->modes[t->n] = file->mode;
	t->len[t->n] = file->len;
	memcpy(t->data[t->n++], file->data, file->len);
	return 0;
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* Not as db_open_beside(): the restored one is a database of its own. */
static char *meta_of(const char *path, const char *name)
{
	CLEANUP(db_close) struct db *db = NULL;
	char *value = NULL;
	struct err e;

	assert_ok(db_open(path, &db, &e), &e);
	assert_ok(db_meta_get(db, name, &value, &e), &e);
	return value;
}

static void make_backup(struct fixture *f, const struct paths *p)
{
	assert_ok(db_meta_put(f->db, "name", "before", &f->e), &f->e);
	assert_ok(db_backup(f->db, p->backup, keys, ARRAY_SIZE(keys), &f->e), &f->e);
}

static void a_backup_is_its_owners_and_holds_rows_files_and_its_date(void **state)
{
	struct fixture *f = *state;
	const struct paths p = paths_of(f);
	const int64_t began = clock_wall_ms();
	struct taken t = { 0 };
	CLEANUP(free) char *name = NULL;
	CLEANUP(free) char *when = NULL;
	struct stat st;

	make_backup(f, &p);
	assert_int_equal(stat(p.backup, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* What comes later is not in it. */
	assert_ok(db_meta_put(f->db, "name", "after", &f->e), &f->e);
	assert_ok(db_restore(p.backup, p.restored, take, &t, &f->e), &f->e);
	name = meta_of(p.restored, "name");
	assert_string_equal(name, "before");
	when = meta_of(p.restored, DB_META_BACKUP);
	assert_true(strtoll(when, NULL, 10) >= began);
	assert_int_equal(t.n, ARRAY_SIZE(keys));
	for (size_t i = 0; i < t.n; i++) {
		const struct db_backup_file *k =
			&keys[strcmp(t.names[i], keys[0].name) != 0];

		assert_string_equal(t.names[i], k->name);
		assert_int_equal(t.modes[i], k->mode);
		assert_int_equal(t.len[i], k->len);
		assert_memory_equal(t.data[i], k->data, k->len);
	}
}

static void a_backup_can_be_restored_again(void **state)
{
	struct fixture *f = *state;
	const struct paths p = paths_of(f);

	make_backup(f, &p);
	for (int i = 0; i < 2; i++) {
		struct taken t = { 0 };

		assert_ok(db_restore(p.backup, p.restored, take, &t, &f->e), &f->e);
		assert_int_equal(t.n, ARRAY_SIZE(keys));
		assert_int_equal(unlink(p.restored), 0);
	}
}

static void what_is_there_already_is_not_written_over(void **state)
{
	struct fixture *f = *state;
	const struct paths p = paths_of(f);
	struct taken t = { 0 };
	CLEANUP(free) char *value = NULL;

	make_backup(f, &p);
	assert_int_equal(db_backup(f->db, p.backup, NULL, 0, &f->e), ERR_STORE);
	assert_non_null(strstr(f->e.msg, p.backup));
	assert_int_equal(db_restore(p.backup, f->path, take, &t, &f->e), ERR_STORE);
	assert_ok(db_restore(p.backup, p.restored, take, &t, &f->e), &f->e);
	assert_int_equal(t.n, ARRAY_SIZE(keys));
	assert_ok(db_meta_get(f->db, "name", &value, &f->e), &f->e);
	assert_string_equal(value, "before");
}

/* The folder's copy of a controller that was stopped: its keys lie beside it. */
static void a_copy_of_the_database_is_a_backup_without_files(void **state)
{
	struct fixture *f = *state;
	const struct paths p = paths_of(f);
	struct taken t = { 0 };
	CLEANUP(free) char *name = NULL;

	assert_ok(db_meta_put(f->db, "name", "copied", &f->e), &f->e);
	db_close(TAKE(f->db));
	assert_ok(db_restore(f->path, p.restored, take, &t, &f->e), &f->e);
	assert_int_equal(t.n, 0);
	name = meta_of(p.restored, "name");
	assert_string_equal(name, "copied");
}

/* Readers of the path would save whatever lies there now. */
static void a_database_whose_file_was_deleted_is_saved_as_it_is(void **state)
{
	struct fixture *f = *state;
	const struct paths p = paths_of(f);
	struct taken t = { 0 };
	CLEANUP(free) char *name = NULL;

	assert_ok(db_meta_put(f->db, "name", "still here", &f->e), &f->e);
	assert_int_equal(unlink(f->path), 0);
	assert_ok(db_backup(f->db, p.backup, keys, ARRAY_SIZE(keys), &f->e), &f->e);
	assert_ok(db_restore(p.backup, p.restored, take, &t, &f->e), &f->e);
	assert_int_equal(t.n, ARRAY_SIZE(keys));
	name = meta_of(p.restored, "name");
	assert_string_equal(name, "still here");
}

static void assert_no_restore(struct fixture *f, const struct paths *p, const char *words)
{
	struct taken t = { 0 };

	assert_int_equal(db_restore(p->backup, p->restored, take, &t, &f->e), ERR_STORE);
	if (!strstr(f->e.msg, words))
		fail_msg("'%s' has no '%s'", f->e.msg, words);
	assert_int_equal(t.n, 0);
	assert_false(is_there(p->restored));
}

static void write_at(const char *path, const void *data, size_t len, off_t at)
{
	CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, len, at), len);
}

static void what_is_no_backup_is_refused_and_leaves_no_file(void **state)
{
	struct fixture *f = *state;
	const struct paths p = paths_of(f);
	char text[4096] = "certainly no database";

	assert_no_restore(f, &p, "backup");
	write_at(p.backup, text, sizeof(text), 0);
	assert_no_restore(f, &p, "database");
}

static void a_damaged_backup_is_refused_and_leaves_no_file(void **state)
{
	struct fixture *f = *state;
	const struct paths p = paths_of(f);
	char junk[4096];

	memset(junk, 0xa5, sizeof(junk));
	make_backup(f, &p);
	write_at(p.backup, junk, sizeof(junk), 3 * (off_t)sizeof(junk));
	assert_no_restore(f, &p, "damaged");
}

static void the_backup_of_a_newer_version_is_refused_and_leaves_no_file(void **state)
{
	struct fixture *f = *state;
	const struct paths p = paths_of(f);
	sqlite3 *s = NULL;

	make_backup(f, &p);
	assert_int_equal(sqlite3_open(p.backup, &s), SQLITE_OK);
	assert_int_equal(sqlite3_exec(s, "PRAGMA user_version=9999", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(s), SQLITE_OK);
	assert_no_restore(f, &p, "newer Foretide");
}

static void a_file_that_cannot_be_put_back_ends_the_restore(void **state)
{
	struct fixture *f = *state;
	const struct paths p = paths_of(f);
	struct taken t = { .refuse = true };

	make_backup(f, &p);
	assert_int_equal(db_restore(p.backup, p.restored, take, &t, &f->e), ERR_UNAVAIL);
	assert_non_null(strstr(f->e.msg, "no room for ca/"));
	assert_false(is_there(p.restored));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_backup_is_its_owners_and_holds_rows_files_and_its_date),
		DB_TEST(a_backup_can_be_restored_again),
		DB_TEST(what_is_there_already_is_not_written_over),
		DB_TEST(a_copy_of_the_database_is_a_backup_without_files),
		DB_TEST(a_database_whose_file_was_deleted_is_saved_as_it_is),
		DB_TEST(what_is_no_backup_is_refused_and_leaves_no_file),
		DB_TEST(a_damaged_backup_is_refused_and_leaves_no_file),
		DB_TEST(the_backup_of_a_newer_version_is_refused_and_leaves_no_file),
		DB_TEST(a_file_that_cannot_be_put_back_ends_the_restore),
	};

	return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
