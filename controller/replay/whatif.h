/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * whatif.h - a tier's recorded demand played twice, with the settings in force and with
 * others: what each would have cost, and where they differ.
 *
 * Minute by minute, with a decision at the end of each, by the tick's own code
 * (tiers_try()) and by models that are learned from the history before the first minute
 * alone. Both begin with the instances that the tier had then and no other past. The
 * fleet is simulated (predictor/fleet.h): instances that are asked for serve a lead time
 * later, the one that the tier has now. What an instance serves is the capacity in force,
 * whatever the others plan with. Holds of the time are in force again, and its events
 * with what is known of them now; hosts that were short or lost are not. The same
 * database and question give the same answer.
 */
#ifndef CONTROLLER_REPLAY_WHATIF_H
#define CONTROLLER_REPLAY_WHATIF_H

#include "cleanup.h"
#include "db.h"
#include "err.h"

#define WHATIF_MAX_MS (21 * 24 * 3600 * INT64_C(1000)) /* that may be played */

enum { WHATIF_IN_FORCE, WHATIF_OTHER, WHATIF_SIDES };

struct whatif_question {
	/* With the settings of each; schedule_json holds the schedules. */
	const struct db_tier *settings[WHATIF_SIDES];
	/* Whole minutes between them are played, from the first recorded one on. */
	int64_t from_ms, to_ms;
	/* Told the share that is done, 0 to 1, minute by minute; NULL: nobody. */
	void (*progress)(void *arg, double share);
	void *arg;
};

struct whatif_side {
	double instance_hours; /* from launch on, boot time included */
	double short_share;    /* of the minutes with demand: more than what ran served */
	double unserved_share; /* of the demand */
	size_t changes;
	int64_t largest; /* instances wanted */
};

/* From at_ms on, for so long, the two wanted different numbers. */
struct whatif_moment {
	int64_t at_ms, for_ms;
	int64_t desired[WHATIF_SIDES];
	char *sentence[WHATIF_SIDES]; /* of the decisions at at_ms */
};

struct whatif {
	int64_t from_ms;
	size_t minutes, missing; /* played; of those without demand */
	int64_t lead_ms;
	bool is_lead_prior; /* the lead time was not measured yet */
	double capacity;
	struct whatif_side side[WHATIF_SIDES];
	struct whatif_moment *v; /* [n] oldest first */
	size_t n;
};

/*
 * Plays it. ERR_INVAL: the time is shorter than two minutes or longer than WHATIF_MAX_MS;
 * ERR_CONFLICT: no demand was recorded in it, or neither side has a capacity. The caller
 * owns *ret. Blocks for about half a second and 0.1 ms a minute.
 */
int whatif_simulate(struct db *db, const struct whatif_question *q, struct whatif **ret,
		    struct err *err) MUST_CHECK;
void whatif_free(struct whatif *w);
DEFINE_CLEANUP(struct whatif *, whatif_free);

#endif
