/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state.h"

#include "check.h"
#include "clock.h"
#include "samples.h"
#include "text.h"
#include "trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int make_folder(const char *path, struct err *err)
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

static int open_db(struct daemon *d, struct err *err)
{
	CLEANUP(free) char *path = xasprintf("%s/foretide.db", d->o->state_dir);
	struct db_limits limits;
	int rc = make_folder(d->o->state_dir, err);

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

static int read_identity(struct daemon *d, struct err *err)
{
	char token[TOKEN_TEXT], hash[TOKEN_HASH_TEXT];
	int rc;

	token_new(token);
	token_hash(token, hash);
	hash[16] = '\0';
	rc = db_meta_ensure(d->db, "owner", hash, &d->owner, err);
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

int state_open(struct daemon *d, struct err *err)
{
	CLEANUP(free) char *ca_dir = xasprintf("%s/ca", d->o->state_dir);
	int rc;

	if ((rc = credentials_check(d->o->credentials, err)) < 0 ||
	    (rc = open_db(d, err)) < 0 || (rc = read_identity(d, err)) < 0 ||
	    (rc = set_calendar(d, err)) < 0)
		return rc;
	return ca_open(ca_dir, &d->ca, err);
}
