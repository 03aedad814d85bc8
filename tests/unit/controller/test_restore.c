/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A backup of one controller becomes the state of another, which is careful at first. */
#include "life_fixture.h"

#include "clock.h"
#include "restore.h"
#include "state.h"
#include "state_files.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

/* Two folders below that of the fixture: of the old controller and of the new one. */
struct move {
	char old[128], fresh[128], backup[128];
};

static struct move move_of(struct life *l)
{
	struct move m;
	struct err e;

	snprintf(m.old, sizeof(m.old), "%s/old", l->dir);
	snprintf(m.fresh, sizeof(m.fresh), "%s/new", l->dir);
	snprintf(m.backup, sizeof(m.backup), "%s/backup", l->dir);
	assert_ok(options_set(&l->o, "controller.state_dir", m.old, &e), &e);
	return m;
}

static void put_what_is_adopted(struct life *l)
{
	const struct db_stack stack = { .name = (char[]){ "shop" },
					.text_json = (char[]){ "{}" } };
	const struct db_pool pool = { .name = (char[]){ "web" },
				      .driver = (char[]){ "fake" } };
	struct db_host h = { .id = (char[]){ "web-1" },
			     .pool = (char[]){ "web" },
			     .vm_id = (char[]){ "vm-7" },
			     .state = DB_HOST_UP,
			     .ready_ms = 5 };
	const struct db_unit u = { .name = (char[]){ "web@1.service" },
				   .stack = (char[]){ "shop" },
				   .tier = (char[]){ "web" } };
	struct err e;

	assert_ok(db_stack_put(l->d->db, &stack, -1, NULL, &e), &e);
	assert_ok(db_pool_put(l->d->db, &pool, &e), &e);
	assert_ok(db_host_put(l->d->db, &h, &e), &e);
	h.id = (char[]){ "web-2" };
	h.vm_id = (char[]){ "" };
	h.state = DB_HOST_REQUESTED;
	assert_ok(db_host_put(l->d->db, &h, &e), &e);
	h.id = (char[]){ "web-3" };
	h.state = DB_HOST_GONE;
	assert_ok(db_host_put(l->d->db, &h, &e), &e);
	assert_ok(db_unit_put(l->d->db, &u, &e), &e);
}

static void copy(int from, const char *path)
{
	CLEANUP(close_fd)
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char piece[65536];
	ssize_t n;

	assert_true(to >= 0);
	while ((n = read(from, piece, sizeof(piece))) > 0)
		assert_int_equal(write(to, piece, (size_t)n), n);
	assert_int_equal(n, 0);
}

/* The old controller without its threads: what is backed up stays as it was put. */
static void open_old(struct life *l)
{
	struct err e;

	l->d = xcalloc(1, sizeof(*l->d));
	l->d->magic = DAEMON_MAGIC;
	l->d->o = &l->o;
	assert_ok(daemon_state_open(l->d, &e), &e);
	assert_ok(kv_open(l->d->db, NULL, &l->d->kv, &e), &e);
}

static void close_old(struct life *l)
{
	kv_close(l->d->kv);
	ca_close(l->d->ca);
	db_close(l->d->db);
	free(l->d->owner);
	free(l->d->join_secret);
	free(TAKE(l->d));
}

static void back_up(struct life *l, const struct move *m)
{
	CLEANUP(close_fd) int fd = -1;
	struct api_hooks hooks;
	struct err e;

	daemon_hooks(l->d, &hooks);
	assert_ok(hooks.backup(l->d, &fd, &e), &e);
	copy(fd, m->backup);
}

static const char *from; /* what restore() restores */
static bool check_only;

static int restore(struct life *l, struct err *e)
{
	return restore_state(&l->o, from, check_only, e);
}

static int restore_from(struct life *l, const struct move *m, const char *what,
			bool is_check, struct err *e)
{
	from = what;
	check_only = is_check;
	assert_ok(options_set(&l->o, "controller.state_dir", m->fresh, e), e);
	return life_catch(l, restore, e);
}

static bool is_there(const char *dir, const char *name)
{
	CLEANUP(free) char *path = xasprintf("%s/%s", dir, name);

	return access(path, F_OK) == 0;
}

static void assert_said(const struct life *l, const char *words)
{
	if (!strstr(l->said, words))
		fail_msg("'%s' was not said: %s", words, l->said);
}

static void a_restored_controller_is_the_same_and_adopts_its_hosts(void **state)
{
	struct life *l = *state;
	const struct move m = move_of(l);
	CLEANUP(free) char *owner = NULL;
	CLEANUP(free) char *secret = NULL;
	CLEANUP(db_host_done) struct db_host h = { 0 };
	struct err e;

	open_old(l);
	owner = xstrdup(l->d->owner);
	secret = xstrdup(l->d->join_secret);
	put_what_is_adopted(l);
	back_up(l, &m);
	close_old(l);
	assert_ok(restore_from(l, &m, m.backup, false, &e), &e);
	assert_said(l, "a backup of 20");
	assert_said(l, "adopts 1 stacks, 1 pools, 2 hosts and 1 units\n");
	assert_said(l, "  host web-1 of pool web, VM vm-7, up\n");
	assert_said(l, "  host web-2 of pool web, VM not known yet, requested\n");
	assert_said(l, "no host is ended for ");
	assert_null(strstr(l->said, "web-3"));
	assert_false(is_there(m.fresh, "restoring.db"));
	assert_ok(life_start(l, &e), &e);
	assert_string_equal(l->d->owner, owner);
	assert_string_equal(l->d->join_secret, secret);
	assert_true(clock_wait_left_ms(&l->d->care) > 0);
	assert_ok(db_host_get(l->d->db, "web-1", &h, &e), &e);
	assert_true(h.adopted_ms > 0);
	assert_int_equal(h.ready_ms, 0);
}

/* Counted from the first start on the restored state, not from each. */
static void the_care_after_a_restore_goes_on_over_a_restart(void **state)
{
	struct life *l = *state;
	const struct move m = move_of(l);
	CLEANUP(free) char *first = NULL;
	CLEANUP(free) char *second = NULL;
	struct err e;

	open_old(l);
	assert_true(clock_wait_left_ms(&l->d->care) <= 0);
	back_up(l, &m);
	close_old(l);
	assert_ok(restore_from(l, &m, m.backup, false, &e), &e);
	for (int i = 0; i < 2; i++) {
		assert_ok(life_start(l, &e), &e);
		assert_true(clock_wait_left_ms(&l->d->care) > 0);
		assert_ok(db_meta_get(l->d->db, RESTORE_META, i ? &second : &first, &e),
			  &e);
		life_stop(l);
	}
	assert_string_equal(first, second);
}

/* What hosts were to run is of an older time: they would end what they run now. */
static void no_host_is_told_to_run_what_it_ran_at_the_backup(void **state)
{
	struct life *l = *state;
	const struct move m = move_of(l);
	static const struct kv_access all = { .owner = "",
					      .read_all = true,
					      .write_all = true };
	static const char put[] = "{\"key\":\"%s\",\"value\":\"eA==\"}";
	/* /foretide/schedule/web-1 and /skydns/x */
	static const char *const keys[] = { "L2ZvcmV0aWRlL3NjaGVkdWxlL3dlYi0x",
					    "L3NreWRucy94" };
	struct err e;

	open_old(l);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		CLEANUP(free) char *body = xasprintf(put, keys[i]);
		CLEANUP(buf_done) struct buf answer;

		assert_int_equal(kv_call(l->d->kv, "/v3/kv/put", body, strlen(body), &all,
					 &answer),
				 200);
	}
	back_up(l, &m);
	close_old(l);
	assert_ok(restore_from(l, &m, m.backup, false, &e), &e);
	assert_ok(life_start(l, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		CLEANUP(free) char *body = xasprintf("{\"key\":\"%s\"}", keys[i]);
		CLEANUP(buf_done) struct buf answer;

		assert_int_equal(kv_call(l->d->kv, "/v3/kv/range", body, strlen(body),
					 &all, &answer),
				 200);
		assert_int_equal(strstr(buf_str(&answer), keys[i]) != NULL, i == 1);
	}
}

static void a_check_says_the_same_and_touches_nothing(void **state)
{
	struct life *l = *state;
	const struct move m = move_of(l);
	struct err e;

	open_old(l);
	put_what_is_adopted(l);
	back_up(l, &m);
	close_old(l);
	assert_ok(restore_from(l, &m, m.backup, true, &e), &e);
	assert_said(l, "adopts 1 stacks, 1 pools, 2 hosts and 1 units\n");
	assert_int_equal(access(m.fresh, F_OK), -1);
	/* It can be restored afterwards, and only then is the folder in use. */
	assert_ok(restore_from(l, &m, m.backup, false, &e), &e);
	assert_int_equal(restore_from(l, &m, m.backup, false, &e), ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "is in use: a backup is restored into an empty"));
	assert_ok(restore_from(l, &m, m.backup, true, &e), &e);
}

static void the_copy_of_a_state_folder_is_a_backup(void **state)
{
	struct life *l = *state;
	const struct move m = move_of(l);
	CLEANUP(free) char *owner = NULL;
	struct err e;

	open_old(l);
	owner = xstrdup(l->d->owner);
	close_old(l);
	assert_ok(restore_from(l, &m, m.old, false, &e), &e);
	assert_said(l, "adopts 0 stacks, 0 pools, 0 hosts and 0 units\n");
	assert_ok(life_start(l, &e), &e);
	assert_string_equal(l->d->owner, owner);
}

static void assert_refused(struct life *l, const struct move *m, const char *what,
			   int code, const char *words)
{
	struct err e;

	assert_int_equal(restore_from(l, m, what, false, &e), code);
	if (!strstr(e.msg, words))
		fail_msg("'%s' has no '%s'", e.msg, words);
	assert_false(is_there(m->fresh, "foretide.db"));
	assert_false(is_there(m->fresh, "restoring.db"));
	assert_false(is_there(m->fresh, "ca/ca.pem"));
}

static void what_is_no_backup_is_refused_and_leaves_the_folder_empty(void **state)
{
	struct life *l = *state;
	const struct move m = move_of(l);
	CLEANUP(free) char *database = xasprintf("%s/foretide.db", m.old);
	CLEANUP(free) char *nothing = xasprintf("%s/nothing", l->dir);
	struct err e;

	assert_refused(l, &m, nothing, ERR_NOT_FOUND, "No such file");
	assert_ok(options_set(&l->o, "controller.state_dir", m.old, &e), &e);
	open_old(l);
	close_old(l);
	/* The database alone: hosts would not know who has come back. */
	assert_refused(l, &m, database, ERR_INVAL, "not the keys of the hosts'");
}

static void sql(const char *path, const char *text)
{
	sqlite3 *s = NULL;

	assert_int_equal(sqlite3_open(path, &s), SQLITE_OK);
	assert_int_equal(sqlite3_exec(s, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(s), SQLITE_OK);
}

/* A backup may come from anywhere. */
static void a_backup_writes_no_file_out_of_its_folder(void **state)
{
	static const char *const names[] = { "ca/../../evil", "ca/.evil",  "evil",
					     "/tmp/evil",     "ca/a/evil", "ca/" };
	struct life *l = *state;
	const struct move m = move_of(l);
	struct err e;

	open_old(l);
	back_up(l, &m);
	close_old(l);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(free)
		char *insert =
			xasprintf("DELETE FROM backup_file WHERE name NOT LIKE 'ca/ca%%';"
				  " INSERT INTO backup_file VALUES ('%s', 420, x'41')",
				  names[i]);
		CLEANUP(free) char *clean = xasprintf("rm -rf '%s'", m.fresh);

		sql(m.backup, insert);
		assert_int_equal(restore_from(l, &m, m.backup, false, &e), ERR_INVAL);
		assert_non_null(strstr(e.msg, "is no file of a state folder"));
		assert_false(is_there(m.fresh, "foretide.db"));
		assert_int_equal(system(clean), 0);
	}
	assert_false(is_there(l->dir, "evil"));
}

static void a_backup_of_too_many_files_is_refused(void **state)
{
	struct life *l = *state;
	const struct move m = move_of(l);

	open_old(l);
	back_up(l, &m);
	close_old(l);
	for (int i = 0; i <= STATE_FILES_MAX; i++) {
		CLEANUP(free)
		char *insert = xasprintf(
			"INSERT INTO backup_file VALUES ('ca/f%d', 420, x'41')", i);

		sql(m.backup, insert);
	}
	assert_refused(l, &m, m.backup, ERR_LIMIT, "has too many files");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIFE_TEST(a_restored_controller_is_the_same_and_adopts_its_hosts),
		LIFE_TEST(the_care_after_a_restore_goes_on_over_a_restart),
		LIFE_TEST(no_host_is_told_to_run_what_it_ran_at_the_backup),
		LIFE_TEST(a_check_says_the_same_and_touches_nothing),
		LIFE_TEST(the_copy_of_a_state_folder_is_a_backup),
		LIFE_TEST(what_is_no_backup_is_refused_and_leaves_the_folder_empty),
		LIFE_TEST(a_backup_writes_no_file_out_of_its_folder),
		LIFE_TEST(a_backup_of_too_many_files_is_refused),
	};

	return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}
