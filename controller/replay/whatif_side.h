/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * whatif_side.h - one side of a what-if: the recorded demand with the settings of one
 * tier.
 */
#ifndef CONTROLLER_REPLAY_WHATIF_SIDE_H
#define CONTROLLER_REPLAY_WHATIF_SIDE_H

#include "fleet.h"
#include "samples.h"
#include "simulation.h"
#include "terms.h"
#include "tiers.h"
#include "whatif.h"

#define MINUTE_MS DB_DEMAND_STEP_MS

/* What both sides share. */
struct stage {
	struct db *db;
	double *measured; /* [n] NaN: none */
	double *demand;   /* [n] the same, 0 for none: never short of capacity */
	size_t n, missing;
	int64_t from_ms;
	int64_t running;           /* instances at the start */
	struct db_pool_list pools; /* borrowed */
	struct fleet_tier *tiers;  /* [n_tiers] of the stack; borrowed */
	size_t n_tiers;
	double capacity; /* in force */
	struct terms terms;
	struct db_hold_list holds; /* of the stack, all ever placed */
	struct catalog_tier cat;
};

/* One side of the simulation. */
struct side {
	const struct stage *stage;
	const struct whatif_question *question;
	size_t before; /* sides simulated before */
	struct tiers *trial;
	struct fleet_sim *sim;
	bool is_learning;     /* its capacity is as it was known then */
	struct fleet_tier ft; /* the question owns its strings */
	struct catalog_tier cat;
	struct tiers_moment moment;
	struct db_hold *holds; /* [stage->holds.n] room for those in force */
	int64_t *desired;      /* [n] decided at the end of each minute */
	char **sentence;       /* [n] */
};

/*
 * question and before are set; the stage must outlive it. Free it with side_done() also
 * when this fails.
 */
int side_init(struct side *s, const struct stage *stage, const struct db_tier *t,
	      struct err *err) MUST_CHECK;
void side_done(struct side *s);

/* Decides minute by minute for a simulated fleet. */
void side_simulate(struct side *s, struct whatif_side *ret);

#endif
