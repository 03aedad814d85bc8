/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ids.h - the user and groups that a unit's processes run as.
 */
#ifndef AGENT_UNITS_OWN_IDS_H
#define AGENT_UNITS_OWN_IDS_H

#include "cleanup.h"
#include "err.h"
#include "spec.h"

#include <sys/types.h>

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

#endif
