/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * terms.h - what a tier is played under, as far as it is not its settings: boots as they
 * were measured, the room in its pool, its schedules over the time played, and its
 * capacity as it was known then.
 *
 * A launch that failed is in a boot that took long. The room is that of now: what the
 * pool may have less what its other tiers have now. A learned capacity is as the tick
 * recorded it (foretide_capacity), and as it is now before that.
 */
#ifndef CONTROLLER_REPLAY_TERMS_H
#define CONTROLLER_REPLAY_TERMS_H

#include "cleanup.h"
#include "db.h"
#include "err.h"
#include "fleet.h"
#include "policy.h"
#include "simulation.h"
#include "tiers.h"

struct terms {
	struct lead lead;
	size_t *boots; /* [n_boots] minutes, ascending; none before enough are measured */
	size_t n_boots;
	int64_t room;                 /* instances; < 0: all that the tier may have */
	char *room_name;              /* "pool web" */
	int64_t offset_ms;            /* of the stack's clock from UTC, now */
	struct policy_bounds *bounds; /* [n] in force from the end of each minute on */
	double *capacity; /* [n] of an instance in each minute; NULL: it is declared */
	int64_t learned_from_ms; /* before, it is as now; 0: all of it */
};

/*
 * The n minutes from from_ms on. t: with the capacity in force.
 *   f           with its catalog
 *   is_learned  that is not declared
 *
 * The caller owns *ret: terms_done().
 */
int terms_read(struct db *db, struct fleet *f, const struct db_tier *t, bool is_learned,
	       int64_t from_ms, size_t n, struct terms *ret, struct err *err) MUST_CHECK;
void terms_done(struct terms *t);
DEFINE_CLEANUP_OBJECT(struct terms, terms_done);

/* The instances that were desired at that time; < 0: not recorded. */
int terms_start(struct db *db, const struct db_tier *t, int64_t at_ms, int64_t *ret,
		struct err *err) MUST_CHECK;

/* Of a fleet that is stepped by the minute. Borrows from t. */
struct fleet_terms terms_of_fleet(const struct terms *t, const struct policy_settings *s);

#endif
