/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the files of the open database are well. */
#include "look.h"

#include "check.h"
#include "clock.h"
#include "damage.h"
#include "db.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CHECK_AGAIN_MS 10000 /* a damaged file */
#define PROBE_BYTES 65536    /* a disk that takes a page or two is as good as full */

static const char *const kinds[] = {
	[DB_SOUND] = NULL,
	[DB_NO_SPACE] = "disk-full",
	[DB_UNWRITABLE] = "database-unwritable",
	[DB_DAMAGED] = "database-damaged",
	[DB_REPLACED] = "database-replaced",
};
static const char *const suffixes[DB_FILES] = { "", "-wal", ".lock" };

static bool identify(const struct db *db, size_t i, struct db_file_id *ret)
{
	CLEANUP(free) char *path = xasprintf("%s%s", db->path, suffixes[i]);
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	*ret = (struct db_file_id){ st.st_dev, st.st_ino };
	return true;
}

void db_look_begin(struct db *db)
{
	for (size_t i = 0; i < DB_FILES; i++)
		(void)identify(db, i, &db->ids[i]);
}

const char *db_look_replaced(const struct db *db)
{
	for (size_t i = 0; i < DB_FILES; i++) {
		struct db_file_id now;

		if (!identify(db, i, &now) || now.ino != db->ids[i].ino ||
		    now.dev != db->ids[i].dev)
			return suffixes[i];
	}
	return NULL;
}

/* Damage that SQLite met may have been in a copy in memory, or was mended. Of a large
 * file it stays until the next start: what is checked may not be what is damaged. */
static void check_again(struct db *db)
{
	CLEANUP(db_conn_close) struct db_conn *c = NULL;
	struct db_fault_note *n = &db->fault;
	bool due, is_sound;

	pthread_mutex_lock(&n->lock);
	due = clock_mono_ms() >= n->checked_mono_ms + CHECK_AGAIN_MS;
	if (due)
		n->checked_mono_ms = clock_mono_ms();
	pthread_mutex_unlock(&n->lock);
	if (!due)
		return;
	is_sound = db_conn_open(db, db->path, SQLITE_OPEN_READONLY, &c, NULL) == 0 &&
		   db_check_is_full(c) && db_check_damage(c, NULL) == 0;
	pthread_mutex_lock(&n->lock);
	if (is_sound && n->kind == DB_DAMAGED)
		n->kind = DB_SOUND;
	pthread_mutex_unlock(&n->lock);
}

/* Whether a write succeeds again; a fault that is over is forgotten by its commit. */
static void try_a_write(struct db *db)
{
	CLEANUP(free) char *text = xmalloc(PROBE_BYTES);

	memset(text, ' ', PROBE_BYTES - 1);
	text[PROBE_BYTES - 1] = '\0';
	if (db_meta_put(db, "probe", text, NULL) == 0)
		(void)!db_meta_put(db, "probe", "", NULL);
}

const char *db_look(struct db *db, char *ret_message, size_t size)
{
	const char *which = db_look_replaced(db);
	enum db_fault kind;

	if (which) {
		snprintf(ret_message, size,
			 "%s%s was deleted or replaced while it is in use: what is "
			 "written from now on is lost when the controller stops. Save it "
			 "with 'foretide backup FILE', stop the controller, move the "
			 "state "
			 "folder away and start it with --restore FILE",
			 db->path, which);
		return kinds[DB_REPLACED];
	}
	pthread_mutex_lock(&db->fault.lock);
	kind = db->fault.kind;
	pthread_mutex_unlock(&db->fault.lock);
	if (kind == DB_DAMAGED)
		check_again(db);
	else if (kind != DB_SOUND)
		try_a_write(db);
	pthread_mutex_lock(&db->fault.lock);
	kind = db->fault.kind;
	snprintf(ret_message, size, "%s%s", db->fault.message,
		 kind == DB_DAMAGED ? ": stop the controller and restore a backup with "
				      "--restore; hosts and units run on meanwhile"
				    : "");
	pthread_mutex_unlock(&db->fault.lock);
	return kinds[kind];
}
