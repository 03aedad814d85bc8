/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * env.h - whom a unit's processes run as, and their environment; for
 * units_own*.c only.
 */
#ifndef AGENT_UNITS_OWN_ENV_H
#define AGENT_UNITS_OWN_ENV_H

#include "unit.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define GROUPS_MAX 64

struct ids {
	bool set;
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	int n_groups;
	char *home, *user, *shell;
};

void ids_done(struct ids *i);
DEFINE_CLEANUP_OBJECT(struct ids, ids_done);

/* User= and Group=. ERR_NOT_FOUND names the one that is not known here. */
int unit_find_ids(const struct unit_spec *s, struct ids *i, struct err *err) MUST_CHECK;
/* NAME=VALUE, each name once; the caller owns the list. Reads EnvironmentFile=. */
int unit_make_env(const struct unit *u, enum unit_exec kind, const struct ids *ids,
		  char ***ret, struct err *err) MUST_CHECK;
char *unit_notify_path(const struct unit *u); /* the caller frees it */

#endif
