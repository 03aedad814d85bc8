/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of units on a disk that is slow: fsync() here is the disk's. */
#include "test.h"

#include "check.h"
#include "text.h"
#include "texts.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#define HASH "ab12"
#define TEXT "[Service]\nExecStart=/bin/true\n"

static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER; /* held: the disk hangs */

/* In place of libc's. */
int fsync(int fd)
{
	(void)fd;
	pthread_mutex_lock(&disk);
	pthread_mutex_unlock(&disk);
	return 0;
}

struct fixture {
	struct wanted w;
	char dir[64];
	char *path; /* of the text */
};

static void on_timer(void *arg)
{
	(void)arg;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/foretide-texts-XXXXXX");
	CHECK(mkdtemp(f->dir));
	f->w.state_dir = f->dir;
	f->path = xasprintf("%s/texts/" HASH, f->dir);
	CHECK(loop_new(&f->w.loop, NULL) == 0);
	CHECK(files_open(f->w.loop, NULL, NULL, &f->w.o.files, NULL) == 0);
	f->w.look = loop_timer_new(f->w.loop, on_timer, f);
	texts_open(&f->w);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *command = xasprintf("rm -r %s", f->dir);

	files_close(f->w.o.files);
	while (f->w.entries) {
		struct entry *e = f->w.entries;

		f->w.entries = e->next;
		entry_free(e);
	}
	loop_timer_free(f->w.look);
	loop_free(f->w.loop);
	CHECK(system(command) == 0);
	free(f->path);
	free(f);
	return 0;
}

static struct entry *schedule(struct fixture *f, const char *name)
{
	static char hash[] = HASH, empty[] = "";
	CLEANUP(free) char *copy = xstrdup(name);
	struct entry *e = entry_of(&f->w, name, on_timer);

	entry_schedule(
		e, &(struct schedule_unit){
			   .name = copy, .hash = hash, .stack = empty, .tier = empty });
	entry_find_text(e);
	return e;
}

static void put_on_disk(const struct fixture *f)
{
	CLEANUP(fclose) FILE *o = fopen(f->path, "w");

	assert_non_null(o);
	assert_true(fputs(TEXT, o) >= 0);
}

/* Nothing names the text any more, and the disk does not get to removing it. */
static void forget_on_slow_disk(struct fixture *f)
{
	CLEANUP(schedule_free) struct schedule *none = schedule_new(1);
	CLEANUP(free) char *other = xasprintf("%s/other", f->dir);

	pthread_mutex_lock(&disk);
	files_write(f->w.o.files, other, "x", 1, 0600, FILES_SYNCED);
	texts_forget(&f->w, none);
}

static void let_disk_go_on(struct fixture *f)
{
	pthread_mutex_unlock(&disk);
	files_close(TAKE(f->w.o.files));
}

static void assert_kept(const struct fixture *f)
{
	CLEANUP(free) char *text = NULL;

	assert_int_equal(conf_read_file(f->path, 1000, &text, NULL, NULL), 0);
	assert_string_equal(text, TEXT);
}

static void what_is_not_named_is_removed(void **state)
{
	struct fixture *f = *state;

	put_on_disk(f);
	forget_on_slow_disk(f);
	let_disk_go_on(f);
	assert_int_equal(access(f->path, F_OK), -1);
}

static void a_unit_that_is_wanted_again_keeps_its_text(void **state)
{
	struct fixture *f = *state;

	put_on_disk(f);
	assert_string_equal(schedule(f, "a.service")->text, TEXT);
	forget_on_slow_disk(f);
	schedule(f, "a.service");
	let_disk_go_on(f);
	assert_kept(f);
}

static void a_text_that_is_wanted_by_another_unit_is_kept(void **state)
{
	struct fixture *f = *state;

	put_on_disk(f);
	forget_on_slow_disk(f);
	assert_string_equal(schedule(f, "b.service")->text, TEXT);
	let_disk_go_on(f);
	assert_kept(f);
}

static void what_is_on_the_disk_is_not_written_again(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;

	put_on_disk(f);
	assert_int_equal(stat(f->path, &before), 0);
	schedule(f, "a.service");
	schedule(f, "a.service");
	files_close(TAKE(f->w.o.files));
	assert_int_equal(stat(f->path, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_named_is_removed),
		TEST(a_unit_that_is_wanted_again_keeps_its_text),
		TEST(a_text_that_is_wanted_by_another_unit_is_kept),
		TEST(what_is_on_the_disk_is_not_written_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
