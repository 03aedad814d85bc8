/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of an open database: their sizes, and what befalls them. */
#include "db_fixture.h"

#include "buf.h"
#include "sql.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define T0 ((int64_t)20000 * 86400000)

static int64_t size_of(const struct fixture *f, const char *suffix)
{
	CLEANUP(free) char *path = xasprintf("%s%s", f->path, suffix);
	struct stat st;

	return stat(path, &st) < 0 ? -1 : (int64_t)st.st_size;
}

static void write_samples(struct fixture *f, int64_t from_ms, int n)
{
	for (int i = 0; i < n; i++) {
		const struct db_sample_in in = { "x", "", DB_GAUGE, from_ms + i * 1000,
						 (double)i };

		assert_ok(db_samples_add(f->db, &in, 1, in.t_ms, NULL, &f->e), &f->e);
	}
}

static void upkeep(struct fixture *f)
{
	assert_ok(db_maintain(f->db, T0 + 86400000, 100, NULL, &f->e), &f->e);
}

static void upkeep_folds_the_log_into_the_file_and_cuts_it(void **state)
{
	struct fixture *f = *state;

	write_samples(f, T0, 700);
	assert_true(size_of(f, "-wal") > 2 << 20);
	upkeep(f);
	assert_true(size_of(f, "") > 64 << 10);
	assert_int_equal(size_of(f, "-wal"), 0);
}

static void what_is_little_is_folded_in_too(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_close) struct db *copy = NULL;
	CLEANUP(free) char *to = xasprintf("%s/copy", f->dir);
	CLEANUP(free) char *command = xasprintf("cp %s %s", f->path, to);
	CLEANUP(free) char *value = NULL;

	assert_ok(db_meta_put(f->db, "a", "b", &f->e), &f->e);
	upkeep(f);
	assert_int_equal(system(command), 0);
	assert_ok(db_open(to, &copy, &f->e), &f->e);
	assert_ok(db_meta_get(copy, "a", &value, &f->e), &f->e);
	assert_string_equal(value, "b");
}

/* In a child with mounts of its own: 100 times what it holds goes through a small disk.
 */
static int keep_writing(struct fixture *f)
{
	char text[100000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", f->dir, "tmpfs", 0, "size=6m") < 0 ||
	    db_open(f->path, &f->db, &f->e) < 0)
		return 2;
	for (int i = 0; i < 1000; i++) {
		text[0] = (char)('a' + i % 20);
		if (db_meta_put(f->db, "text", text, &f->e) < 0)
			return 3;
		if (i % 20 == 0 && db_maintain(f->db, T0, 100, NULL, &f->e) < 0)
			return 4;
	}
	return 0;
}

static void a_small_disk_does_not_fill_for_good(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t pid;

	db_close(TAKE(f->db));
	pid = fork();
	if (pid == 0)
		_exit(keep_writing(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---------------------------------------------------------------- looking */

static void assert_look(struct fixture *f, const char *kind)
{
	char message[ERR_MSG_MAX];
	const char *got = db_look(f->db, message, sizeof(message));

	if (!kind) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_string_equal(got, kind);
	assert_non_null(strstr(message, f->path));
}

static void a_deleted_file_is_told_until_it_is_back(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *away = xasprintf("%s/away", f->dir);
	CLEANUP(free) char *wal = xasprintf("%s-wal", f->path);
	CLEANUP(close_fd) int fd = -1;

	assert_look(f, NULL);
	assert_int_equal(rename(f->path, away), 0);
	assert_look(f, "database-replaced");
	/* Another one in its place is not it. */
	fd = open(f->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_look(f, "database-replaced");
	assert_int_equal(rename(away, f->path), 0);
	assert_look(f, NULL);
	assert_int_equal(rename(wal, away), 0);
	assert_look(f, "database-replaced");
	assert_int_equal(rename(away, wal), 0);
	assert_look(f, NULL);
}

static void *read_it(void *arg)
{
	struct fixture *f = arg;
	char *value = NULL;

	return db_meta_get(f->db, "name", &value, NULL) == 0 ? value : NULL;
}

static void a_new_thread_reads_the_open_file_not_the_one_in_its_place(void **state)
{
	struct fixture *f = *state;
	struct db *other = NULL;
	CLEANUP(free) char *away = xasprintf("%s/away", f->dir);
	CLEANUP(free) char *there = xasprintf("%s/there", f->dir);

	assert_ok(db_meta_put(f->db, "name", "the open one", &f->e), &f->e);
	assert_ok(db_open(there, &other, &f->e), &f->e);
	assert_ok(db_meta_put(other, "name", "another", &f->e), &f->e);
	db_close(other);
	assert_int_equal(rename(f->path, away), 0);
	assert_int_equal(rename(there, f->path), 0);
	for (int i = 0; i < 3; i++) {
		pthread_t t;
		void *value = NULL;

		assert_int_equal(pthread_create(&t, NULL, read_it, f), 0);
		pthread_join(t, &value);
		assert_non_null(value);
		assert_string_equal(value, "the open one");
		free(value);
	}
}

static void scribble(const struct fixture *f, const char *with, char *ret_before,
		     size_t size, off_t from)
{
	CLEANUP(close_fd) int fd = open(f->path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	if (ret_before)
		assert_int_equal(pread(fd, ret_before, size, from), size);
	assert_int_equal(pwrite(fd, with, size, from), size);
}

static void damage_is_told_once_a_call_has_met_it(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_stack_list_done) struct db_stack_list l = { 0 };
	static char noise[4 << 20];
	const size_t page = 4096;

	write_samples(f, T0, 3000);
	upkeep(f);
	fixture_reopen(f);
	memset(noise, 0x5a, sizeof(noise));
	assert_true((size_t)size_of(f, "") <= sizeof(noise));
	scribble(f, noise, NULL, (size_t)size_of(f, "") - page, (off_t)page);
	assert_int_equal(db_stack_list(f->db, &l, &f->e), ERR_STORE);
	assert_look(f, "database-damaged");
	assert_look(f, "database-damaged");
}

static void what_was_met_in_a_large_file_stays(void **state)
{
	struct fixture *f = *state;

	db_fault_note(&f->db->fault, DB_DAMAGED, f->path);
	assert_look(f, NULL); /* it was read whole */
	upkeep(f);
	assert_int_equal(truncate(f->path, 40 << 20), 0);
	f->db->fault.checked_mono_ms = 0;
	db_fault_note(&f->db->fault, DB_DAMAGED, f->path);
	for (int i = 0; i < 3; i++) {
		f->db->fault.checked_mono_ms = 0;
		assert_look(f, "database-damaged");
	}
}

static int on_full_disk(struct fixture *f)
{
	CLEANUP(free) char *text = xcalloc(1, 3 << 20);
	char message[ERR_MSG_MAX];
	const char *kind;

	memset(text, 'x', (3 << 20) - 1);
	if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", f->dir, "tmpfs", 0, "size=2m") < 0 ||
	    db_open(f->path, &f->db, &f->e) < 0)
		return 2;
	if (db_look(f->db, message, sizeof(message)))
		return 3;
	/* Less and less until nothing at all can be written. */
	for (size_t n = (3 << 20) - 1; n > 100; n = n * 9 / 10) {
		text[n] = '\0';
		(void)!db_meta_put(f->db, "text", text, NULL);
	}
	for (int i = 0;
	     i < 2000 && db_meta_put(f->db, "text", i % 2 ? "a" : "b", NULL) == 0; i++)
		;
	kind = db_look(f->db, message, sizeof(message));
	if (!kind || strcmp(kind, "disk-full") != 0 || !strstr(message, "disk is full"))
		return 4;
	if (mount("none", f->dir, "tmpfs", MS_REMOUNT, "size=64m") < 0)
		return 5;
	return db_look(f->db, message, sizeof(message)) ? 6 : 0;
}

static void a_full_disk_is_told_until_there_is_space(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t pid;

	db_close(TAKE(f->db));
	pid = fork();
	if (pid == 0)
		_exit(on_full_disk(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(upkeep_folds_the_log_into_the_file_and_cuts_it),
		DB_TEST(what_is_little_is_folded_in_too),
		DB_TEST(a_small_disk_does_not_fill_for_good),
		DB_TEST(a_deleted_file_is_told_until_it_is_back),
		DB_TEST(a_new_thread_reads_the_open_file_not_the_one_in_its_place),
		DB_TEST(damage_is_told_once_a_call_has_met_it),
		DB_TEST(what_was_met_in_a_large_file_stays),
		DB_TEST(a_full_disk_is_told_until_there_is_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
