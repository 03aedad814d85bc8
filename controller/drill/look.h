/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * look.h - a look at a stack: what of it serves, and on which hosts.
 */
#ifndef CONTROLLER_DRILL_LOOK_H
#define CONTROLLER_DRILL_LOOK_H

#include "db.h"

#include <jansson.h>

struct look {
	const char *stack;
	struct db_tier_list tiers;
	struct db_unit_list units; /* of all stacks: they may share its hosts */
	struct db_host_list hosts; /* present ones of its pools, and with units of it */
};

int look_read(struct db *db, const char *stack, struct look *ret,
	      struct err *err) MUST_CHECK;
void look_done(struct look *l);
DEFINE_CLEANUP_OBJECT(struct look, look_done);

const struct db_host *look_host(const struct look *l, const char *id);
/* A unit of the stack that runs, is healthy, and is on a host that is up. */
bool look_serves(const struct look *l, const struct db_unit *u);
/* Instances of a tier that do; those that are wanted. */
int64_t look_serving(const struct look *l, const char *tier);
int64_t look_wanted(const struct db_tier *t);

/* ERR_CONFLICT in words: a tier is short of instances, or a host is not up. */
int look_check_well(const struct look *l, struct err *err) MUST_CHECK;

/*
 * The host to take: the wanted one, or the one with the fewest units, of those that carry
 * units of this stack alone, none of them stateful, each of a tier that serves elsewhere
 * too. moved: names of units of which it carries none; may be NULL. ERR_CONFLICT: there
 * is no spare, in words.
 */
int look_choose(const struct look *l, const char *wanted, const json_t *moved,
		const struct db_host **ret, struct err *err) MUST_CHECK;

#endif
