/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * whatif.h - simulates a tier on its recorded demand, with the settings in force and with
 * others: what each would have cost, and where they differ.
 *
 * Decides at the end of each minute, by the tick's own code (tiers_try()), with models
 * trained only on the history before the first minute. Both sides start with the
 * instances that the tier had then and no other state. The fleet is simulated
 * (predictor/simulation): requested instances serve after boots as they were measured, or
 * the tier's present lead time, with the capacity in force, or as it was known then where
 * it is learned, whatever the other settings plan with; there are no more than the pool
 * has room for (terms.h). Holds of that time apply, and its events with what is known of
 * them now; missing and lost hosts do not.
 * The same database and question give the same result.
 */
#ifndef CONTROLLER_REPLAY_WHATIF_H
#define CONTROLLER_REPLAY_WHATIF_H

#include "cleanup.h"
#include "db.h"
#include "err.h"

#define WHATIF_MAX_MS (21 * 24 * 3600 * INT64_C(1000)) /* longest simulated time */

enum { WHATIF_IN_FORCE, WHATIF_OTHER, WHATIF_SIDES };

struct whatif_question {
	/* With the settings of each; schedule_json holds the schedules. */
	const struct db_tier *settings[WHATIF_SIDES];
	bool is_learned; /* the capacity in force is not declared */
	/* Full minutes between them are simulated, from the first recorded one on. */
	int64_t from_ms, to_ms;
	/* Called with the share that is done, 0 to 1, each minute; NULL: not. */
	void (*progress)(void *arg, double share);
	void *arg;
};

struct whatif_side {
	double instance_hours; /* from launch on, boot time included */
	double short_share;    /* of the minutes with demand: short of capacity */
	double unserved_share; /* of the demand */
	size_t changes;
	int64_t largest; /* most instances desired */
};

/* From at_ms on, for so long, the sides desired different numbers. */
struct whatif_moment {
	int64_t at_ms, for_ms;
	int64_t desired[WHATIF_SIDES];
	char *sentence[WHATIF_SIDES]; /* of the decisions at at_ms */
};

struct whatif {
	int64_t from_ms;
	size_t minutes, missing; /* simulated; of these without demand */
	int64_t lead_ms;
	bool is_lead_prior; /* the lead time is not measured yet */
	double capacity;
	int64_t learned_from_ms; /* it is as it was known from then on; 0: as now */
	int64_t room;            /* instances; < 0: all that the tier may have */
	size_t boots;            /* that were measured and are drawn from */
	struct whatif_side side[WHATIF_SIDES];
	struct whatif_moment *v; /* [n] oldest first */
	size_t n;
};

/*
 * ERR_INVAL: the time is shorter than two minutes or longer than WHATIF_MAX_MS;
 * ERR_CONFLICT: no demand was recorded in it, or neither side has a capacity. The caller
 * owns *ret. Blocks for about half a second, and 0.1 ms per minute simulated.
 */
int whatif_simulate(struct db *db, const struct whatif_question *q, struct whatif **ret,
		    struct err *err) MUST_CHECK;
void whatif_free(struct whatif *w);
DEFINE_CLEANUP(struct whatif *, whatif_free);

#endif
