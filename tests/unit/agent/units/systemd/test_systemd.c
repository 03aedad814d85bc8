/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units run by systemd, which is a fake at the other end of the bus; /run is a file
 * system of this process's own. */
#include "loop_until.h"
#include "test.h"

#include "fake_systemd.h"

#include "systemd.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define FOLDER "/run/systemd/system"
#define A "a.service"
#define TEXT "[Service]\nExecStart=/bin/true\n"
#define OTHER "[Service]\nExecStart=/bin/false\n"

struct bench {
	char dir[40];
	struct loop *loop;
	struct fake_systemd fake;
	struct units *units;
	size_t told;
};

#define UNTIL(b, condition) LOOP_UNTIL((b)->loop, condition)

static void on_change(void *arg, const char *name)
{
	(void)name;
	((struct bench *)arg)->told++;
}

static int begin(struct bench *b, struct err *e)
{
	const struct units_opts o = { .on_change = on_change, .arg = b };

	return units_systemd_open(b->loop, &o, &b->units, e);
}

static int own_run(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
		return -1;
	return mkdir("/run/systemd", 0755);
}

static int setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	struct err e;

	strcpy(b->dir, "/tmp/foretide-sd-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	assert_ok(loop_new(&b->loop, &e), &e);
	fake_open(&b->fake, b->loop, b->dir);
	assert_ok(begin(b, &e), &e);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	if (b->units)
		units_close(b->units);
	fake_close(&b->fake);
	loop_free(b->loop);
	rmdir(b->dir);
	free(b);
	return system("rm -rf " FOLDER);
}

/* ---------------------------------------------------------------- looks */

static struct unit_status status(const struct bench *b)
{
	struct unit_status s = { .active = "", .sub = "", .load = "", .message = "" };

	units_get(b->units, A, &s);
	return s;
}

static bool is_active(const struct bench *b, const char *active)
{
	return strcmp(status(b).active, active) == 0;
}

static bool was_called(const struct bench *b, const char *calls)
{
	return strstr(buf_str(&b->fake.calls), calls);
}

static void run(struct bench *b, const char *hash, const char *text)
{
	units_set(b->units, A, hash, text, true);
	UNTIL(b, is_active(b, "active") && strcmp(status(b).hash, hash) == 0);
}

static void assert_file(const char *begins, const char *has)
{
	CLEANUP(free) char *text = NULL;

	assert_int_equal(conf_read_file(FOLDER "/" A, 10000, &text, NULL, NULL), 0);
	assert_ptr_equal(strstr(text, begins), text);
	assert_non_null(strstr(text, has));
}

/* ---------------------------------------------------------------- tests */

static void a_unit_is_written_then_read_then_started(void **state)
{
	struct bench *b = *state;

	run(b, "aa", TEXT);
	assert_file("# foretide aa\n", "/bin/true");
	assert_string_equal(buf_str(&b->fake.calls), "Reload\nStartUnit " A "\n");
	assert_string_equal(status(b).sub, "running");
	assert_true(status(b).want_run && !status(b).adopted);
	assert_string_equal(units_at(b->units, 0), A);
	assert_null(units_at(b->units, 1));
	assert_true(units_cpu_seconds(b->units, A) < 0);
	/* The same again changes nothing; less is a stop. */
	buf_clear(&b->fake.calls);
	units_set(b->units, A, "aa", TEXT, true);
	units_set(b->units, A, "aa", TEXT, false);
	UNTIL(b, is_active(b, "inactive"));
	assert_string_equal(buf_str(&b->fake.calls), "StopUnit " A "\n");
}

static void a_unit_that_is_not_to_run_is_only_written(void **state)
{
	struct bench *b = *state;

	units_set(b->units, A, "aa", TEXT, false);
	UNTIL(b, was_called(b, "Reload\n"));
	run(b, "aa", TEXT);
	assert_string_equal(buf_str(&b->fake.calls), "Reload\nStartUnit " A "\n");
}

static void another_text_is_a_stop_and_a_start(void **state)
{
	struct bench *b = *state;

	run(b, "aa", TEXT);
	buf_clear(&b->fake.calls);
	units_set(b->units, A, "bb", TEXT, true);
	/* Another yet, before that was written. */
	run(b, "cc", OTHER);
	assert_file("# foretide cc\n", "/bin/false");
	assert_true(was_called(b, "StopUnit " A "\n"));
	assert_true(was_called(b, "Reload\nStartUnit " A "\n"));
}

static void a_unit_that_is_dropped_is_stopped_and_gone(void **state)
{
	struct bench *b = *state;
	struct unit_status s;

	run(b, "aa", TEXT);
	buf_clear(&b->fake.calls);
	units_drop(b->units, A);
	UNTIL(b, !units_get(b->units, A, &s));
	UNTIL(b, was_called(b, "Reload\n"));
	assert_string_equal(buf_str(&b->fake.calls),
			    "StopUnit " A "\nResetFailedUnit " A "\nReload\n");
	assert_int_equal(access(FOLDER "/" A, F_OK), -1);
	units_drop(b->units, A); /* of what is not there nothing happens */
}

static void only_what_runs_is_reloaded_or_restarted(void **state)
{
	struct bench *b = *state;
	struct err e;

	assert_int_equal(units_reload(b->units, A, &e), ERR_NOT_FOUND);
	assert_int_equal(units_restart(b->units, A, &e), ERR_NOT_FOUND);
	units_set(b->units, A, "aa", TEXT, true);
	assert_int_equal(units_reload(b->units, A, &e), ERR_CONFLICT);
	UNTIL(b, is_active(b, "active"));
	assert_ok(units_reload(b->units, A, &e), &e);
	assert_ok(units_restart(b->units, A, &e), &e);
	UNTIL(b, was_called(b, "ReloadUnit " A "\nRestartUnit " A "\n"));
	units_set(b->units, A, "aa", TEXT, false);
	assert_int_equal(units_restart(b->units, A, &e), ERR_CONFLICT);
	assert_string_equal(e.msg, A " is to stop");
}

static void units_of_a_previous_run_are_found_by_their_files(void **state)
{
	struct bench *b = *state;
	CLEANUP(fclose) FILE *stranger = NULL;
	struct err e;

	run(b, "aa", TEXT);
	stranger = fopen(FOLDER "/stranger.service", "w");
	assert_true(stranger && fputs(TEXT, stranger) > 0 && fflush(stranger) == 0);
	units_close(TAKE(b->units));
	assert_ok(begin(b, &e), &e);
	assert_string_equal(units_at(b->units, 0), A);
	assert_null(units_at(b->units, 1));
	assert_true(status(b).adopted && status(b).want_run);
	assert_string_equal(status(b).hash, "aa");
	UNTIL(b, is_active(b, "active") && status(b).main_pid == FAKE_PID);
	/* It runs as it should: nothing was asked for. */
	assert_string_equal(buf_str(&b->fake.calls), "Reload\nStartUnit " A "\n");
}

static void what_changes_by_itself_is_told(void **state)
{
	struct bench *b = *state;
	size_t told;

	run(b, "aa", TEXT);
	told = b->told;
	fake_tell(&b->fake, "b.service", "ActiveState", "failed"); /* not ours */
	fake_tell(&b->fake, A, "Result", "exit-code");
	fake_tell(&b->fake, A, "LoadState", "bad-setting");
	fake_tell(&b->fake, A, "SubState", "auto-restart");
	fake_tell(&b->fake, A, "ActiveState", "activating");
	UNTIL(b, is_active(b, "activating"));
	assert_string_equal(status(b).sub, "auto-restart");
	assert_string_equal(status(b).load, "bad-setting");
	assert_string_equal(status(b).message, "exit-code");
	assert_int_equal(status(b).restarts, 3);
	assert_int_equal(status(b).main_pid, 88);
	assert_int_equal(b->told, told + 3);
	fake_tell(&b->fake, A, "Result", "success");
	UNTIL(b, !*status(b).message);
}

static void what_systemd_refuses_is_told(void **state)
{
	struct bench *b = *state;

	b->fake.refuses = true;
	units_set(b->units, A, "aa", TEXT, true);
	UNTIL(b, strcmp(status(b).message, A " is masked") == 0);
	assert_true(is_active(b, "inactive"));
}

static void a_file_that_cannot_be_written_is_told(void **state)
{
	struct bench *b = *state;
	sd_bus *bus = ((struct sysd *)(void *)b->units)->bus;

	/* The end would wait for a greeting that the fake, on this thread, never gives.
	 */
	UNTIL(b, sd_bus_is_ready(bus) > 0);
	/* A file is in the place of the folder. */
	assert_int_equal(system("rm -rf " FOLDER " && touch " FOLDER), 0);
	units_set(b->units, A, "aa", TEXT, true);
	UNTIL(b, strcmp(status(b).load, "error") == 0);
	assert_non_null(strstr(status(b).message, FOLDER "/" A));
}

/* The agent ends then, and is started again. */
static void a_lost_bus_stops_the_loop(void **state)
{
	struct bench *b = *state;

	run(b, "aa", TEXT);
	fake_hang_up(&b->fake);
	loop_run(b->loop);
	assert_true(is_active(b, "active"));
}

static void without_a_bus_there_are_no_units(void **state)
{
	struct bench *b = *state;
	struct units *none = NULL;
	const struct units_opts o = { .on_change = on_change, .arg = b };
	struct err e;

	UNTIL(b, b->fake.bus);
	assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/none", 1), 0);
	assert_int_equal(units_systemd_open(b->loop, &o, &none, &e), ERR_UNAVAIL);
	assert_non_null(strstr(e.msg, "systemd's bus: "));
	assert_null(none);
	/* Before it is closed the other has come through. */
	run(b, "aa", TEXT);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_unit_is_written_then_read_then_started),
		TEST(a_unit_that_is_not_to_run_is_only_written),
		TEST(another_text_is_a_stop_and_a_start),
		TEST(a_unit_that_is_dropped_is_stopped_and_gone),
		TEST(only_what_runs_is_reloaded_or_restarted),
		TEST(units_of_a_previous_run_are_found_by_their_files),
		TEST(what_changes_by_itself_is_told),
		TEST(what_systemd_refuses_is_told),
		TEST(a_file_that_cannot_be_written_is_told),
		TEST(a_lost_bus_stops_the_loop),
		TEST(without_a_bus_there_are_no_units),
	};

	return cmocka_run_group_tests(tests, own_run, NULL);
}
