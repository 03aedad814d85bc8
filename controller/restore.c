/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "restore.h"

#include "check.h"
#include "cleanup.h"
#include "clock.h"
#include "db.h"
#include "etcd.h"
#include "state.h"
#include "state_files.h"
#include "store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct restore {
	const struct options *o;
	const char *from; /* as given */
	bool is_folder;
	char *source; /* the database to read */
	char *path;   /* where it is prepared */
	char *folder; /* that is there for it alone; NULL: the state folder */
	struct state_files files;
};

static void restore_done(struct restore *r)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal", ".lock" };

	for (size_t i = 0; r->path && i < ARRAY_SIZE(suffixes); i++) {
		CLEANUP(free) char *path = xasprintf("%s%s", r->path, suffixes[i]);

		(void)unlink(path);
	}
	if (r->folder)
		(void)rmdir(r->folder);
	free(r->folder);
	state_files_done(&r->files);
	free(r->source);
	free(r->path);
}
DEFINE_CLEANUP_OBJECT(struct restore, restore_done);

static int keep_file(void *arg, const struct db_backup_file *f, struct err *err)
{
	struct restore *r = arg;

	if (r->files.n == STATE_FILES_MAX)
		return err_set(err, ERR_LIMIT, "%s has too many files", r->from);
	r->files.v[r->files.n++] = (struct db_backup_file){
		.name = xstrdup(f->name),
		.mode = f->mode,
		.data = f->len ? memcpy(xmalloc(f->len), f->data, f->len) : NULL,
		.len = f->len,
	};
	return 0;
}

static bool has_file(const struct restore *r, const char *name)
{
	for (size_t i = 0; i < r->files.n; i++)
		if (strcmp(r->files.v[i].name, name) == 0)
			return true;
	return false;
}

/* The database beside its place, and the other files in memory. */
static int read_backup(struct restore *r, struct err *err)
{
	struct stat st;
	int rc;

	if (stat(r->from, &st) < 0)
		return err_errno(err, ERR_NOT_FOUND, "%s", r->from);
	r->is_folder = S_ISDIR(st.st_mode);
	r->source =
		r->is_folder ? xasprintf("%s/foretide.db", r->from) : xstrdup(r->from);
	rc = db_restore(r->source, r->path, keep_file, r, err);
	if (rc == 0 && r->is_folder && state_has_keys(r->from))
		rc = state_files_read(r->from, &r->files, err);
	if (rc == 0 && (!has_file(r, "ca/ca.pem") || !has_file(r, "ca/ca-key.pem")))
		rc = err_set(err, ERR_INVAL,
			     "%s has a database but not the keys of the hosts' "
			     "certificates (ca/): it is no backup of 'foretide backup', "
			     "nor a whole copy of a state folder",
			     r->from);
	return rc;
}

/* ---------------------------------------------------------------- what is said */

static int64_t made_wall_ms(const struct restore *r, struct db *db)
{
	CLEANUP(free) char *text = NULL;
	struct stat st;
	int64_t ms;

	if (db_meta_get(db, DB_META_BACKUP, &text, NULL) == 0 &&
	    conf_parse_int(text, &ms, NULL) == 0)
		return ms;
	return stat(r->source, &st) == 0 ? (int64_t)st.st_mtime * 1000 : clock_wall_ms();
}

static void say_age(const struct restore *r, struct db *db)
{
	const int64_t made = made_wall_ms(r, db);
	char at[CLOCK_TEXT], age[CLOCK_TEXT];

	clock_format_duration(MAX(clock_wall_ms() - made, 0) / 1000 * 1000, age);
	printf("%s: a backup of %s, %s old\n", r->from, clock_format(made, at), age);
}

static void say_host(const struct db_host *h)
{
	printf("  host %s of pool %s, VM %s, %s\n", h->id, h->pool,
	       *h->vm_id ? h->vm_id : "not known yet", db_host_state_name(h->state));
}

static int say_what_is_adopted(struct db *db, struct err *err)
{
	CLEANUP(db_stack_list_done) struct db_stack_list stacks = { 0 };
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { 0 };
	CLEANUP(db_host_list_done) struct db_host_list hosts = { 0 };
	CLEANUP(db_unit_list_done) struct db_unit_list units = { 0 };
	const struct db_host_filter present = { .present = true };
	int rc;

	if ((rc = db_stack_list(db, &stacks, err)) < 0 ||
	    (rc = db_pool_list(db, &pools, err)) < 0 ||
	    (rc = db_host_list(db, &present, &hosts, err)) < 0 ||
	    (rc = db_unit_list(db, NULL, &units, err)) < 0)
		return rc;
	printf("adopts %zu stacks, %zu pools, %zu hosts and %zu units\n", stacks.n,
	       pools.n, hosts.n, units.n);
	for (size_t i = 0; i < hosts.n; i++)
		say_host(&hosts.v[i]);
	return 0;
}

static void say_what_comes(const struct restore *r)
{
	char grace[CLOCK_TEXT];

	printf("VMs with this installation's tag that the backup does not know are told "
	       "as problems; no host is ended for %s (controller.restore_grace)\n",
	       clock_format_duration(r->o->restore_grace_ms, grace));
	fflush(stdout);
}

/* ---------------------------------------------------------------- in order */

static int forget_prefix(struct kv *kv, const char *prefix, struct err *err)
{
	static const struct kv_access all = { .owner = "",
					      .read_all = true,
					      .write_all = true };
	CLEANUP(free) char *end = store_prefix_end(prefix);
	CLEANUP(buf_done) struct buf body;
	CLEANUP(buf_done) struct buf answer;
	unsigned status;

	buf_init(&body, 4096);
	buf_putc(&body, '{');
	ejson_add_bytes(&body, "key", prefix, strlen(prefix));
	ejson_add_bytes(&body, "range_end", end, strlen(end));
	buf_putc(&body, '}');
	status = kv_call(kv, "/v3/kv/deleterange", body.data, body.len, &all, &answer);
	return status == MHD_HTTP_OK
		       ? 0
		       : err_set(err, ERR_STORE, "cannot delete the keys below %s: %.*s",
				 prefix, (int)answer.len, answer.data);
}

/*
 * What hosts were told to run, and what they told of themselves, is of an older time:
 * they would end what they run now. They tell it anew, within some ten seconds.
 */
static int forget_units_of_hosts(struct db *db, struct err *err)
{
	static const char *const old[] = { "/foretide/schedule/", "/foretide/states/" };
	CLEANUP(kv_close) struct kv *kv = NULL;
	int rc = kv_open(db, NULL, &kv, err);

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(old); i++)
		rc = forget_prefix(kv, old[i], err);
	return rc;
}

/* Brought to this version's schema, and marked. */
static int prepare(const struct restore *r, struct err *err)
{
	CLEANUP(db_close) struct db *db = NULL;
	int rc = db_open(r->path, &db, err);

	if (rc < 0)
		return rc;
	say_age(r, db);
	/* A copy of what it becomes is of another date. */
	rc = db_meta_put(db, DB_META_BACKUP, "", err);
	if (rc < 0)
		return rc;
	rc = say_what_is_adopted(db, err);
	say_what_comes(r);
	if (rc == 0)
		rc = forget_units_of_hosts(db, err);
	return rc < 0 ? rc : db_meta_put(db, RESTORE_META, RESTORE_META_FRESH, err);
}

/* The database last: keys without one are refused, not started empty. */
static int put_in_place(const struct restore *r, struct err *err)
{
	CLEANUP(free) char *to = xasprintf("%s/foretide.db", r->o->state_dir);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->files.n; i++)
		rc = state_file_write(r->o->state_dir, &r->files.v[i], err);
	if (rc == 0 && rename(r->path, to) < 0)
		rc = err_errno(err, ERR_STORE, "cannot create %s", to);
	return rc;
}

/* A log without its database would be taken for that of the restored one. */
static int check_empty(const struct options *o, struct err *err)
{
	CLEANUP(free) char *wal = xasprintf("%s/foretide.db-wal", o->state_dir);

	if (!state_has_keys(o->state_dir) && !state_has_database(o->state_dir) &&
	    access(wal, F_OK) != 0)
		return 0;
	return err_set(err, ERR_CONFLICT,
		       "%s is in use: a backup is restored into an empty state folder "
		       "only. Move this one away, or name another with --state-dir",
		       o->state_dir);
}

static int choose_state(struct restore *r, struct err *err)
{
	int rc;

	r->path = xasprintf("%s/restoring.db", r->o->state_dir);
	if ((rc = state_make_folder(r->o->state_dir, err)) < 0 ||
	    (rc = check_empty(r->o, err)) < 0)
		return rc;
	(void)unlink(r->path); /* of a restore that was interrupted */
	return 0;
}

/* Whose keys are in it: mkdtemp() makes it for its owner alone. */
static int choose_scratch(struct restore *r, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	CLEANUP(free)
	char *folder =
		xasprintf("%s/foretide-restore-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (!mkdtemp(folder))
		return err_errno(err, ERR_STORE, "cannot create %s", folder);
	r->folder = TAKE(folder);
	r->path = xasprintf("%s/restoring.db", r->folder);
	return 0;
}

int restore_state(const struct options *o, const char *from, bool check_only,
		  struct err *err)
{
	CLEANUP(restore_done)
	struct restore r = { .o = o, .from = from };
	int rc = check_only ? choose_scratch(&r, err) : choose_state(&r, err);

	if (rc < 0)
		return rc;
	if ((rc = read_backup(&r, err)) < 0 || (rc = prepare(&r, err)) < 0)
		return err_wrap(err, rc, "restoring %s", from);
	return check_only ? 0 : put_in_place(&r, err);
}
