/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work that blocks, and files on a disk that is slow: fsync() here is the disk's. */
#include "check.h"
#include "clock.h"
#include "files.h"
#include "test.h"
#include "text.h"
#include "worker.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER; /* held: the disk hangs */
static _Atomic int began, syncs;

/* In place of libc's. */
int fsync(int fd)
{
	(void)fd;
	began++;
	pthread_mutex_lock(&disk);
	syncs++;
	pthread_mutex_unlock(&disk);
	return 0;
}

struct fixture {
	struct loop *loop;
	struct files *files;
	char dir[64];
	char said[1024]; /* the callbacks, in order */
};

static void say(struct fixture *f, const char *text)
{
	size_t n = strlen(f->said);

	snprintf(f->said + n, sizeof(f->said) - n, "%s ", text);
}

static void on_file(void *arg, const char *path, const struct err *err)
{
	say(arg, strrchr(path, '/') + 1);
	if (err)
		say(arg, "failed");
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	began = syncs = 0;
	strcpy(f->dir, "/tmp/foretide-files-XXXXXX");
	CHECK(mkdtemp(f->dir));
	CHECK(loop_new(&f->loop, NULL) == 0);
	CHECK(files_open(f->loop, on_file, f, &f->files, NULL) == 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *command = xasprintf("rm -r %s", f->dir);

	files_close(f->files);
	loop_free(f->loop);
	CHECK(system(command) == 0);
	free(f);
	return 0;
}

static char *path_of(const struct fixture *f, const char *name)
{
	return xasprintf("%s/%s", f->dir, name);
}

static void write_file(struct fixture *f, const char *name, const char *text,
		       enum files_sync sync)
{
	CLEANUP(free) char *path = path_of(f, name);

	files_write(f->files, path, text, strlen(text), 0640, sync);
}

static char *content(const struct fixture *f, const char *name)
{
	CLEANUP(free) char *path = path_of(f, name);
	char *text = NULL;

	return conf_read_file(path, 1000, &text, NULL, NULL) == 0 ? text : NULL;
}

static void assert_content(const struct fixture *f, const char *name, const char *want)
{
	CLEANUP(free) char *text = content(f, name);

	assert_non_null(text);
	assert_string_equal(text, want);
}

static void run_until_said(struct fixture *f, const char *want)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (strcmp(f->said, want) != 0 && clock_mono_ms() < end)
		loop_once(f->loop, 50);
	assert_string_equal(f->said, want);
}

/* The first write that is asked for hangs on the disk, which the caller holds. */
static void hang_first(struct fixture *f)
{
	write_file(f, "first", "x", FILES_SYNCED);
	while (!began)
		usleep(1000);
}

/* ---------------------------------------------------------------- files */

static void writes_and_removes_in_order(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *b = path_of(f, "b");
	struct stat st;

	write_file(f, "a", "1", FILES_SYNCED);
	write_file(f, "b", "2", FILES_UNSYNCED);
	run_until_said(f, "a b ");
	assert_content(f, "b", "2");
	files_remove(f->files, b);
	write_file(f, "c", "3", FILES_UNSYNCED);
	run_until_said(f, "a b b c ");

	assert_content(f, "a", "1");
	assert_content(f, "c", "3");
	assert_int_equal(access(b, F_OK), -1);
	CLEANUP(free) char *a = path_of(f, "a");
	assert_int_equal(stat(a, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void a_disk_that_hangs_does_not_hold_the_loop(void **state)
{
	struct fixture *f = *state;
	int64_t start;

	pthread_mutex_lock(&disk);
	hang_first(f);
	start = clock_mono_ms();
	for (int i = 0; i < 50; i++)
		write_file(f, "a", "text", FILES_SYNCED);
	loop_once(f->loop, 0);
	/* Far below what one write would take on it: for ever. */
	assert_true(clock_mono_ms() - start < PATIENCE_MS / 10);
	assert_string_equal(f->said, "");
	pthread_mutex_unlock(&disk);
	/* Of the fifty only the last. */
	run_until_said(f, "first a ");
	assert_content(f, "a", "text");
}

static void the_last_of_several_is_written(void **state)
{
	struct fixture *f = *state;

	pthread_mutex_lock(&disk);
	hang_first(f);
	write_file(f, "a", "old", FILES_SYNCED);
	write_file(f, "b", "b", FILES_SYNCED);
	write_file(f, "a", "new", FILES_SYNCED);
	pthread_mutex_unlock(&disk);
	run_until_said(f, "first b a ");
	assert_content(f, "a", "new");
}

static void what_is_queued_is_written_before_the_end(void **state)
{
	struct fixture *f = *state;

	write_file(f, "a", "1", FILES_SYNCED);
	write_file(f, "b", "2", FILES_UNSYNCED);
	files_close(TAKE(f->files));
	assert_content(f, "a", "1");
	assert_content(f, "b", "2");
	assert_string_equal(f->said, "");
	assert_true(syncs >= 2); /* file and folder */
}

static void tells_a_failure_and_keeps_the_old(void **state)
{
	struct fixture *f = *state;

	write_file(f, "there", "old", FILES_UNSYNCED);
	write_file(f, "missing/file", "x", FILES_UNSYNCED);
	run_until_said(f, "there file failed ");
	assert_content(f, "there", "old");
}

static void a_write_that_failed_is_made_again_and_told_once(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *missing = path_of(f, "missing");
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	write_file(f, "missing/a", "old", FILES_UNSYNCED);
	write_file(f, "missing/b", "b", FILES_UNSYNCED);
	run_until_said(f, "a failed b failed ");
	/* In the place of the one that waits; still the same trouble. */
	write_file(f, "missing/a", "new", FILES_UNSYNCED);
	write_file(f, "c", "c", FILES_UNSYNCED);
	run_until_said(f, "a failed b failed c ");
	CHECK(mkdir(missing, 0755) == 0);
	while (!strstr(f->said, "c a ") && clock_mono_ms() < end)
		loop_once(f->loop, 50);
	run_until_said(f, "a failed b failed c a b ");
	assert_content(f, "missing/a", "new");
	assert_content(f, "missing/b", "b");
}

static void on_failure(void *arg, const char *path, const struct err *err)
{
	struct fixture *f = arg;

	on_file(f, path, err);
	if (err)
		write_file(f, "other", "x", FILES_UNSYNCED);
	if (err && strstr(path, "missing"))
		files_write(f->files, path, "new", 3, 0600, FILES_UNSYNCED);
}

static void who_is_told_of_a_failure_may_write_the_file_at_once(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *missing = path_of(f, "missing");

	files_close(TAKE(f->files));
	CHECK(files_open(f->loop, on_failure, f, &f->files, NULL) == 0);
	write_file(f, "missing/a", "old", FILES_UNSYNCED);
	run_until_said(f, "a failed other ");
	CHECK(mkdir(missing, 0755) == 0);
	run_until_said(f, "a failed other a ");
	assert_content(f, "missing/a", "new");
}

static void what_failed_is_tried_once_more_at_the_end(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *missing = path_of(f, "missing");
	CLEANUP(free) char *gone = path_of(f, "missing/b");

	write_file(f, "missing/a", "a", FILES_UNSYNCED);
	write_file(f, "missing/b", "b", FILES_UNSYNCED);
	run_until_said(f, "a failed b failed ");
	files_remove(f->files, gone);
	CHECK(mkdir(missing, 0755) == 0);
	files_close(TAKE(f->files));
	assert_content(f, "missing/a", "a");
	assert_int_equal(access(gone, F_OK), -1);
}

static void who_is_gone_is_told_nothing(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *path = path_of(f, "a");
	struct fixture gone = { .said = "" };

	pthread_mutex_lock(&disk);
	files_write_then(f->files, path, "x", 1, 0600, FILES_SYNCED, on_file, &gone);
	files_forget(f->files, &gone);
	pthread_mutex_unlock(&disk);
	write_file(f, "b", "y", FILES_SYNCED);
	run_until_said(f, "b ");
	assert_string_equal(gone.said, "");
}

/* ---------------------------------------------------------------- jobs */

struct job {
	struct fixture *f;
	const char *name;
};

static void job_run(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&disk);
	pthread_mutex_unlock(&disk);
}

static void job_done(void *arg)
{
	const struct job *j = arg;

	say(j->f, j->name);
}

static void job_free(void *arg)
{
	const struct job *j = arg;

	say(j->f, "freed");
}

static void jobs_end_in_order_and_cancelled_ones_silently(void **state)
{
	struct fixture *f = *state;
	CLEANUP(worker_free) struct worker *w = NULL;
	struct job jobs[] = { { f, "1" }, { f, "2" }, { f, "3" } };
	struct worker_job *handles[3];

	assert_int_equal(worker_new(f->loop, "test", &w, NULL), 0);
	pthread_mutex_lock(&disk);
	for (size_t i = 0; i < 3; i++)
		handles[i] = worker_do(w, &(struct worker_work){ job_run, job_done,
								 job_free, &jobs[i] });
	worker_cancel(handles[1]);
	assert_int_equal(worker_pending(w), 3);
	pthread_mutex_unlock(&disk);
	run_until_said(f, "1 freed freed 3 freed ");
	assert_int_equal(worker_pending(w), 0);
}

static void the_end_does_not_wait_for_ever(void **state)
{
	struct fixture *f = *state;
	static struct worker *w; /* it stays, and so does what it was given */
	static struct job job;

	job = (struct job){ f, "1" };
	assert_int_equal(worker_new(f->loop, "test", &w, NULL), 0);
	pthread_mutex_lock(&disk);
	(void)worker_do(w, &(struct worker_work){ job_run, job_done, job_free, &job });
	assert_false(worker_end(w, 1));
	assert_string_equal(f->said, "");
	pthread_mutex_unlock(&disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_and_removes_in_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_disk_that_hangs_does_not_hold_the_loop,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_last_of_several_is_written, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_queued_is_written_before_the_end,
						setup, teardown),
		cmocka_unit_test_setup_teardown(tells_a_failure_and_keeps_the_old, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_write_that_failed_is_made_again_and_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			who_is_told_of_a_failure_may_write_the_file_at_once, setup,
			teardown),
		cmocka_unit_test_setup_teardown(what_failed_is_tried_once_more_at_the_end,
						setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_gone_is_told_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			jobs_end_in_order_and_cancelled_ones_silently, setup, teardown),
		cmocka_unit_test_setup_teardown(the_end_does_not_wait_for_ever, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
