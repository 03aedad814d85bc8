/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state.h"

#include "check.h"
#include "clock.h"
#include "restore.h"
#include "samples.h"
#include "state_files.h"
#include "text.h"
#include "trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int state_make_folder(const char *path, struct err *err)
{
	CLEANUP(free) char *part = xstrdup(path);

	for (char *p = part + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)!mkdir(part, 0755);
		*p = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_errno(err, ERR_STORE, "cannot create the state folder %s",
				 path);
	return 0;
}

/*
 * An empty database would forget all hosts and launch everything again beside them, so a
 * folder with keys is started without one only when that is said.
 */
static int refuse_empty(const struct daemon *d, struct err *err)
{
	return err_set(
		err, ERR_CONFLICT,
		"%s has the keys of an installation, but its database foretide.db is "
		"missing or empty: bring it back, or restore a backup into an empty "
		"folder with --restore. To begin without its stacks and hosts give "
		"--new; "
		"keys and owner tag stay, and VMs of before are found by it",
		d->o->state_dir);
}

static int check_files(const struct daemon *d, struct err *err)
{
	const char *dir = d->o->state_dir;

	if (!d->o->is_new && state_has_keys(dir) && !state_has_database(dir))
		return refuse_empty(d, err);
	return 0;
}

static int open_db(struct daemon *d, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/foretide.db", d->o->state_dir);
	struct db_limits limits;
	int rc = state_make_folder(d->o->state_dir, err);

	if (rc == 0)
		rc = check_files(d, err);
	if (rc == 0)
		rc = db_open(path, &d->db, err);
	if (rc < 0)
		return rc;
	db_limits_default(&limits);
	limits.raw_retention_ms = d->o->raw_retention_ms;
	limits.retention_5m_ms = d->o->retention_5m_ms;
	limits.retention_1h_ms = d->o->retention_1h_ms;
	db_set_limits(d->db, &limits);
	d->events.db = d->db;
	return 0;
}

/* The database of one installation with the keys of another serves neither's hosts. */
static int check_owner(const struct daemon *d, const char *kept, bool has_owner,
		       struct err *err)
{
	if (d->o->is_new && has_owner)
		return err_set(err, ERR_CONFLICT,
			       "%s has a database: --new is for a folder without one, "
			       "leave it out",
			       d->o->state_dir);
	if (!d->o->is_new && !has_owner && state_has_keys(d->o->state_dir))
		return refuse_empty(d, err);
	if (has_owner && kept && strcmp(kept, d->owner) != 0)
		return err_set(err, ERR_CONFLICT,
			       "%s: the database is of installation %s, the keys in ca/ "
			       "are of %s: bring together what belongs together, or "
			       "restore a backup into an empty folder with --restore",
			       d->o->state_dir, d->owner, kept);
	return 0;
}

static int read_owner(struct daemon *d, struct err *err)
{
	CLEANUP(free) char *kept = state_owner_read(d->o->state_dir);
	char token[TOKEN_TEXT], hash[TOKEN_HASH_TEXT];
	int rc = db_meta_get(d->db, "owner", &d->owner, err);
	const bool has_owner = rc == 0;

	if (rc < 0 && rc != ERR_NOT_FOUND)
		return rc;
	rc = check_owner(d, kept, has_owner, err);
	if (rc == 0 && !has_owner) {
		token_new(token);
		token_hash(token, hash);
		hash[16] = '\0';
		rc = db_meta_ensure(d->db, "owner", kept && *kept ? kept : hash,
				    &d->owner, err);
	}
	return rc < 0 || kept ? rc : state_owner_write(d->o->state_dir, d->owner, err);
}

static int read_identity(struct daemon *d, struct err *err)
{
	char token[TOKEN_TEXT];
	int rc = read_owner(d, err);

	token_new(token);
	return rc < 0 ? rc
		      : db_meta_ensure(d->db, "join_secret", token, &d->join_secret, err);
}

/* Calendar time must continue where it stopped: scale and epoch are part of the state. */
static int set_calendar(struct daemon *d, struct err *err)
{
	CLEANUP(free) char *scale = NULL;
	CLEANUP(free) char *epoch = NULL;
	char text[64];
	int64_t epoch_ms;
	int rc;

	snprintf(text, sizeof(text), "%.17g", d->o->time_scale);
	rc = db_meta_ensure(d->db, "time_scale", text, &scale, err);
	if (rc < 0)
		return rc;
	if (strcmp(scale, text) != 0)
		return err_set(
			err, ERR_CONFLICT,
			"%s was created with time_scale %s and cannot continue with %s: "
			"its records use the other scale",
			d->o->state_dir, scale, text);
	snprintf(text, sizeof(text), "%lld", (long long)clock_wall_ms());
	rc = db_meta_ensure(d->db, "time_epoch_ms", text, &epoch, err);
	if (rc == 0)
		rc = conf_parse_int(epoch, &epoch_ms, err);
	if (rc == 0)
		clock_set_scale(d->o->time_scale, epoch_ms);
	return rc;
}

/* After a restore nothing is ended for a while, counted from its first start. */
static int begin_careful(struct daemon *d, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	char now[24];
	int64_t since_ms;
	int rc = db_meta_get(d->db, RESTORE_META, &text, err);

	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	snprintf(now, sizeof(now), "%lld", (long long)clock_now_ms());
	if (strcmp(text, RESTORE_META_FRESH) == 0) {
		free(text);
		text = xstrdup(now);
		/* What hosts run now is asked of them, before they get a schedule. */
		rc = db_hosts_adopt(d->db, clock_now_ms(), err);
		if (rc == 0)
			rc = db_meta_put(d->db, RESTORE_META, now, err);
	}
	if (rc == 0)
		rc = conf_parse_int(text, &since_ms, err);
	if (rc == 0)
		clock_wait_begin(&d->care, since_ms + d->o->restore_grace_ms,
				 d->o->restore_grace_ms);
	return rc;
}

int daemon_state_open(struct daemon *d, struct err *err)
{
	CLEANUP(free) char *ca_dir = xasprintf("%s/ca", d->o->state_dir);
	int rc;

	if ((rc = credentials_check(d->o->credentials, err)) < 0 ||
	    (rc = open_db(d, err)) < 0 || (rc = read_identity(d, err)) < 0 ||
	    (rc = set_calendar(d, err)) < 0 || (rc = begin_careful(d, err)) < 0)
		return rc;
	return ca_open(ca_dir, &d->ca, err);
}
