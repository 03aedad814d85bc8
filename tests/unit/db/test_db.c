/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "db_fixture.h"

#include "allowance.h"
#include "embedded.h"
#include "sql.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define T0 ((int64_t)20000 * 86400000)

static void write_file(const char *path, const char *text, size_t len)
{
	CLEANUP(fclose) FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, len, out), len);
}

/* Opening is refused with code and words, and the file's bytes stay. */
static void assert_refused(struct fixture *f, int code, const char *words)
{
	CLEANUP(free) char *before = NULL;
	CLEANUP(free) char *after = NULL;
	size_t n_before, n_after;
	struct db *db = NULL;

	assert_ok(conf_read_file(f->path, 1 << 24, &before, &n_before, &f->e), &f->e);
	assert_int_equal(db_open(f->path, &db, &f->e), code);
	if (!strstr(f->e.msg, words))
		fail_msg("'%s' has no '%s'", f->e.msg, words);
	assert_ok(conf_read_file(f->path, 1 << 24, &after, &n_after, &f->e), &f->e);
	assert_int_equal(n_before, n_after);
	assert_memory_equal(before, after, n_before);
}

static void sql(const char *path, const char *text)
{
	sqlite3 *s = NULL;

	assert_int_equal(sqlite3_open(path, &s), SQLITE_OK);
	assert_int_equal(sqlite3_exec(s, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(s), SQLITE_OK);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
	struct fixture *f = *state;

	db_close(TAKE(f->db));
	write_file(f->path, "hello, world; this is a text and no database\n", 45);
	assert_refused(f, ERR_STORE, "not an SQLite database");
	write_file(f->path, "SQL", 3);
	assert_refused(f, ERR_STORE, "not an SQLite database");
	/* The right head, and nothing right behind it. */
	write_file(f->path, "SQLite format 3\0 and then something else altogether", 50);
	assert_refused(f, ERR_STORE, "not an SQLite database");
}

static void another_programs_database_is_refused(void **state)
{
	struct fixture *f = *state;

	db_close(TAKE(f->db));
	unlink(f->path);
	sql(f->path, "CREATE TABLE recipes (name TEXT)");
	assert_refused(f, ERR_STORE, "another program");
}

static void a_newer_versions_database_is_refused(void **state)
{
	struct fixture *f = *state;

	db_close(TAKE(f->db));
	sql(f->path, "PRAGMA user_version=9999");
	assert_refused(f, ERR_STORE, "newer Foretide");
}

/* The schema as it was up to a migration. */
static void write_schema_before(const char *path, int64_t number)
{
	CLEANUP(free)
	char *pragmas = xasprintf("PRAGMA application_id=%d; PRAGMA user_version=%d",
				  0x466f7265, (int)number - 1);

	for (int64_t i = 1; i < number; i++)
		for (const struct embedded *m = db_migrations; m->path; m++)
			if (strtoll(m->path, NULL, 10) == i)
				sql(path, (const char *)m->data);
	sql(path, pragmas);
}

static void decisions_of_before_there_were_records_stay(void **state)
{
	struct fixture *f = *state;
	CLEANUP(db_decision_list_done) struct db_decision_list l = { 0 };

	db_close(TAKE(f->db));
	unlink(f->path);
	write_schema_before(f->path, 22);
	sql(f->path, "INSERT INTO decision (stack, tier, at_ms, \"from\", \"to\", cause,"
		     " sentence, explanation_json)"
		     " VALUES ('shop', 'web', 5, 1, 2, 'forecast', 'up.', '{}')");
	assert_ok(db_open(f->path, &f->db, &f->e), &f->e);
	assert_ok(db_decision_list(f->db, NULL, &l, &f->e), &f->e);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.v[0].sentence, "up.");
	assert_int_equal(l.v[0].to, 2);
	assert_string_equal(l.v[0].record, "");
	assert_ok(db_decision_add(f->db, &(struct db_decision){ .record = "{}" }, NULL,
				  &f->e),
		  &f->e);
}

static void a_damaged_database_is_refused(void **state)
{
	struct fixture *f = *state;
	char junk[4096];
	int fd;

	db_close(TAKE(f->db));
	memset(junk, 0xa5, sizeof(junk));
	fd = open(f->path, O_RDWR);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 3 * 4096), sizeof(junk));
	close(fd);
	assert_refused(f, ERR_STORE, "is damaged");
}

static void a_truncated_database_is_refused(void **state)
{
	struct fixture *f = *state;

	db_close(TAKE(f->db));
	assert_int_equal(truncate(f->path, 5 * 4096), 0);
	assert_refused(f, ERR_STORE, "damaged");
}

static void an_empty_file_becomes_a_database(void **state)
{
	struct fixture *f = *state;

	db_close(TAKE(f->db));
	write_file(f->path, "", 0);
	assert_ok(db_open(f->path, &f->db, &f->e), &f->e);
	assert_ok(db_meta_put(f->db, "a", "b", &f->e), &f->e);
}

static void a_second_controller_is_refused(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;

	assert_int_equal(db_open(f->path, &db, &f->e), ERR_CONFLICT);
	assert_non_null(strstr(f->e.msg, "another controller"));
	fixture_reopen(f);
}

static void the_file_is_its_owners_alone(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Runs fn in a child and expects it to exit with 0. */
static void in_child(struct fixture *f, int (*fn)(struct fixture *f))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int open_without_rights(struct fixture *f)
{
	struct db *db = NULL;

	if (geteuid() == 0 && setuid(65534) < 0)
		return 2;
	if (db_open(f->path, &db, &f->e) != ERR_STORE)
		return 3;
	return strstr(f->e.msg, "cannot write") ? 0 : 4;
}

static void a_folder_that_cannot_be_written_is_refused(void **state)
{
	struct fixture *f = *state;
	CLEANUP(free) char *lock = xasprintf("%s.lock", f->path);
	struct db *db = NULL;

	db_close(TAKE(f->db));
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(chmod(f->dir, 0555), 0);
	in_child(f, open_without_rights);
	assert_int_equal(chmod(f->dir, 0700), 0);
	assert_int_equal(db_open("/nowhere/at/all.db", &db, &f->e), ERR_STORE);
	assert_non_null(strstr(f->e.msg, "cannot write /nowhere/at/all.db"));
}

/* ---------------------------------------------------------------- full disk */

static int add_event(struct fixture *f, int i)
{
	static char message[2000];
	struct db_event e = { .at_ms = T0 + i, .kind = "x", .message = message };

	memset(message, 'm', sizeof(message) - 1);
	return db_event_add(f->db, &e, NULL, &f->e);
}

static size_t events(struct fixture *f)
{
	CLEANUP(db_event_list_done) struct db_event_list l = { 0 };

	if (db_event_list(f->db, NULL, &l, &f->e) < 0)
		return SIZE_MAX;
	return l.n;
}

/* Writes until the disk is full, then frees space with free_space and goes on. */
static int fill_and_go_on(struct fixture *f, const char *words,
			  int (*free_space)(struct fixture *f))
{
	struct db_sample_in in = { "m", "", DB_GAUGE, T0, 1 };
	int n = 0, rc;

	while ((rc = add_event(f, n)) == 0)
		if (++n > 100000)
			return 10;
	if (rc != ERR_STORE || !strstr(f->e.msg, words))
		return 11;
	if (events(f) != (size_t)n)
		return 12;
	for (int i = 0; i < 20; i++)
		if (add_event(f, n) == 0)
			n++;
	while (db_samples_add(f->db, &in, 1, T0, NULL, &f->e) == 0)
		in.t_ms += 10000;
	if (free_space(f) < 0)
		return 13;
	if (add_event(f, n++) < 0 ||
	    db_samples_add(f->db, &in, 1, in.t_ms, NULL, &f->e) < 0)
		return 14;
	db_close(TAKE(f->db));
	if (db_open(f->path, &f->db, &f->e) < 0)
		return 15;
	return events(f) == (size_t)n ? 0 : 16;
}

static int lift_limit(struct fixture *f)
{
	struct rlimit l;

	(void)f;
	getrlimit(RLIMIT_FSIZE, &l);
	l.rlim_cur = l.rlim_max;
	return setrlimit(RLIMIT_FSIZE, &l);
}

static int with_file_limit(struct fixture *f)
{
	struct rlimit l;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &l);
	l.rlim_cur = 600000;
	if (setrlimit(RLIMIT_FSIZE, &l) < 0 || db_open(f->path, &f->db, &f->e) < 0)
		return 2;
	return fill_and_go_on(f, "nothing of this change was written", lift_limit);
}

static void a_file_that_may_not_grow_loses_nothing_and_goes_on(void **state)
{
	struct fixture *f = *state;

	db_close(TAKE(f->db));
	in_child(f, with_file_limit);
}

static int grow_disk(struct fixture *f)
{
	return mount("none", f->dir, "tmpfs", MS_REMOUNT, "size=64m");
}

static int on_small_disk(struct fixture *f)
{
	if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", f->dir, "tmpfs", 0, "size=1m") < 0 ||
	    db_open(f->path, &f->db, &f->e) < 0)
		return 2;
	return fill_and_go_on(f, "the disk is full", grow_disk);
}

static void a_full_disk_loses_nothing_and_writing_goes_on(void **state)
{
	struct fixture *f = *state;

	db_close(TAKE(f->db));
	in_child(f, on_small_disk);
}

/* ---------------------------------------------------------------- kill -9 */

/* One round: two units and a batch that belong together, then a byte to the parent. */
static void write_round(struct fixture *f, int64_t i, int ack)
{
	struct db_sample_in in[200];
	struct db_unit u[2] = { { .name = "a", .epoch = i },
				{ .name = "b", .epoch = i } };
	bool more;

	for (size_t k = 0; k < ARRAY_SIZE(in); k++)
		in[k] = (struct db_sample_in){ k % 2 ? "x" : "y", "", DB_GAUGE,
					       T0 + (i * 100 + (int64_t)k / 2) * 1000,
					       (double)i };
	if (db_units_change(f->db, u, 2, NULL, 0, &f->e) < 0 ||
	    db_samples_add(f->db, in, ARRAY_SIZE(in), in[199].t_ms, NULL, &f->e) < 0 ||
	    db_maintain(f->db, in[199].t_ms, 1, &more, &f->e) < 0 ||
	    write(ack, "", 1) != 1)
		_exit(9);
}

static pid_t start_writer(struct fixture *f, int64_t first, int *ret_ack)
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(fds[0]);
		if (db_open(f->path, &f->db, &f->e) < 0)
			_exit(8);
		for (int64_t i = first;; i++)
			write_round(f, i, fds[1]);
	}
	close(fds[1]);
	*ret_ack = fds[0];
	return pid;
}

/* How many samples of a series there are; they must be gapless and in order. */
static int64_t check_samples(struct fixture *f, const char *name)
{
	CLEANUP(db_selector_free) struct db_selector *s = NULL;
	CLEANUP(db_samples_done) struct db_samples got = { 0 };
	const int64_t *ids;
	size_t n;

	assert_ok(db_selector_new(name, NULL, 0, &s, &f->e), &f->e);
	assert_ok(db_selector_ids(f->db, s, &ids, &n, &f->e), &f->e);
	assert_int_equal(n, 1);
	assert_ok(db_samples_get(f->db, ids[0], 0, INT64_MAX / 2, &got, &f->e), &f->e);
	for (size_t i = 0; i < got.n; i++) {
		assert_int_equal(got.v[i].t_ms, T0 + (int64_t)i * 1000);
		assert_close(got.v[i].v, (double)(i / 100), 0);
	}
	return (int64_t)got.n;
}

static void a_writer_that_is_killed_loses_nothing_it_had_confirmed(void **state)
{
	struct fixture *f = *state;
	int64_t done = 0;

	for (int round = 0; round < 8; round++) {
		CLEANUP(db_unit_list_done) struct db_unit_list units = { 0 };
		int64_t confirmed = done;
		int ack, status;
		char byte;
		pid_t pid;

		db_close(TAKE(f->db));
		pid = start_writer(f, done, &ack);
		while (confirmed < done + 3 + round * 7 && read(ack, &byte, 1) == 1)
			confirmed++;
		/* In the middle of something, wherever that is. */
		usleep((useconds_t)(round * 97 % 400));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		while (read(ack, &byte, 1) == 1)
			confirmed++;
		close(ack);

		assert_ok(db_open(f->path, &f->db, &f->e), &f->e);
		assert_int_equal(check_samples(f, "x"), check_samples(f, "y"));
		done = check_samples(f, "x") / 100;
		assert_in_range(done, confirmed, confirmed + 1);
		assert_int_equal(check_samples(f, "x") % 100, 0);
		assert_ok(db_unit_list(f->db, NULL, &units, &f->e), &f->e);
		assert_int_equal(units.n, 2);
		assert_int_equal(units.v[0].epoch, units.v[1].epoch);
		assert_in_range(units.v[0].epoch, done - 1, done);
	}
}

/* ---------------------------------------------------------------- threads */

#define ROUNDS 300

static void *read_all_the_time(void *arg)
{
	struct fixture *f = arg;
	struct err e;
	int64_t before = 0;

	while (before < ROUNDS - 1) {
		CLEANUP(db_unit_list_done) struct db_unit_list l = { 0 };
		CLEANUP(db_samples_done) struct db_samples s = { 0 };

		if (db_unit_list(f->db, NULL, &l, &e) < 0 ||
		    db_samples_get(f->db, 1, 0, INT64_MAX / 2, &s, &e) < 0)
			return "a read failed";
		if (l.n != 2 || l.v[0].epoch != l.v[1].epoch || l.v[0].epoch < before)
			return "a transaction was seen in half";
		before = l.v[0].epoch;
		for (size_t i = 1; i < s.n; i++)
			if (s.v[i].t_ms != s.v[i - 1].t_ms + 1000)
				return "samples are missing or double";
	}
	return NULL;
}

static void a_statement_ends_with_the_time_of_its_thread(void **state)
{
	static const char endless[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
				      "i + 1 FROM n) SELECT count(*) FROM n";
	struct fixture *f = *state;
	struct db_conn *c;
	int64_t n;

	assert_ok(db_read(f->db, &c, &f->e), &f->e);
	allowance_begin(50, 1);
	assert_int_equal(db_conn_int(c, endless, &n, &f->e), ERR_TIMEOUT);
	assert_non_null(strstr(f->e.msg, "longer than the 50 ms"));
	allowance_end();
	assert_ok(db_conn_int(c, "SELECT 7", &n, &f->e), &f->e);
	assert_int_equal(n, 7);
}

static void readers_see_whole_transactions_while_the_writer_writes(void **state)
{
	struct fixture *f = *state;
	pthread_t readers[4];
	int ack = open("/dev/null", O_WRONLY);

	write_round(f, 0, ack);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_all_the_time, f),
				 0);
	for (int i = 1; i < ROUNDS; i++)
		write_round(f, i, ack);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		void *words = NULL;

		assert_int_equal(pthread_join(readers[i], &words), 0);
		if (words)
			fail_msg("%s", (char *)words);
	}
	/* Each thread's connection went with it. */
	assert_null(f->db->readers);
	close(ack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_file_that_is_no_database_is_refused),
		DB_TEST(another_programs_database_is_refused),
		DB_TEST(a_newer_versions_database_is_refused),
		DB_TEST(decisions_of_before_there_were_records_stay),
		DB_TEST(a_damaged_database_is_refused),
		DB_TEST(a_truncated_database_is_refused),
		DB_TEST(an_empty_file_becomes_a_database),
		DB_TEST(a_second_controller_is_refused),
		DB_TEST(the_file_is_its_owners_alone),
		DB_TEST(a_folder_that_cannot_be_written_is_refused),
		DB_TEST(a_file_that_may_not_grow_loses_nothing_and_goes_on),
		DB_TEST(a_full_disk_loses_nothing_and_writing_goes_on),
		DB_TEST(a_writer_that_is_killed_loses_nothing_it_had_confirmed),
		DB_TEST(a_statement_ends_with_the_time_of_its_thread),
		DB_TEST(readers_see_whole_transactions_while_the_writer_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
