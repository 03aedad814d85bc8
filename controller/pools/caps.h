/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * caps.h - how many hosts may be launched and terminated within an hour, in one pool and
 * in all.
 *
 * The hour is of calendar time as it passes: a clock that is set neither opens a cap nor
 * keeps it shut. What a previous run did counts, as its records tell. Safe from any
 * thread.
 */
#ifndef CONTROLLER_POOLS_CAPS_H
#define CONTROLLER_POOLS_CAPS_H

#include "cleanup.h"
#include "db.h"

enum cap_kind { CAP_LAUNCH, CAP_TERMINATION };

struct caps;

struct caps *caps_new(void);
void caps_free(struct caps *c);
DEFINE_CLEANUP(struct caps *, caps_free);

/* Reads what was done in the last hour, once; before all others. */
int caps_load(struct caps *c, struct db *db, struct err *err) MUST_CHECK;

/* What was done within the hour; pool NULL: in all pools. */
int64_t caps_used(struct caps *c, enum cap_kind kind, const char *pool);

/* What may be done within an hour. */
struct cap_limits {
	int64_t pool, total;
};

enum cap_verdict { CAP_FREE, CAP_POOL_FULL, CAP_TOTAL_FULL };

/* Counts it, unless it is counted or a cap is reached. id: the host's. */
enum cap_verdict caps_take(struct caps *c, enum cap_kind kind, const char *pool,
			   const char *id, const struct cap_limits *limits);
/* It did not happen after all. */
void caps_give_back(struct caps *c, enum cap_kind kind, const char *id);

#endif
