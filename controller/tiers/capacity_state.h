/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capacity_state.h - the inside of a tier's capacity.
 */
#ifndef CONTROLLER_TIERS_CAPACITY_STATE_H
#define CONTROLLER_TIERS_CAPACITY_STATE_H

#include "instance_capacity.h"
#include "utilisation.h"

#include <stddef.h>

enum tier_capacity_source {
	CAPACITY_NONE,
	CAPACITY_DECLARED,
	CAPACITY_LEARNED,
	CAPACITY_CAUTIOUS
};

const char *tier_capacity_source_name(enum tier_capacity_source s); /* "learned" */

/*
 * Kept over restarts; the capacity's bytes follow, aligned for any object. No pointers.
 */
struct tier_capacity_kept {
	_Alignas(max_align_t)
		uint64_t origin; /* hash of the expressions that it is learned from */
	enum tier_capacity_source source; /* of what is in force */
	double in_force;                  /* 0: none */
	struct capacity_known learned;    /* the last known since a change */
	struct capacity_change change;    /* the last; minute 0: none */
	bool contradicts;                 /* the declared one, and this was reported */
	int64_t fitted;                   /* minute of the last fit */
	size_t fitted_n;                  /* instances then */
};

struct tier_capacity {
	struct capacity *c; /* NULL: no minute yet */
	struct tier_capacity_kept kept;
	struct utilisation measure;
	char unmeasured_reason[96]; /* why the last minute was not used; "": it was */
	int64_t minute;             /* the last one seen */
	size_t n;                   /* instances */
	int64_t n_since_ms;
	bool is_loaded, is_dirty;
};

/* In capacity_explain.c. */
void tier_capacity_describe(const struct tier_capacity *t, const struct fleet_tier *ft,
			    int64_t now_ms, struct tier_capacity_now *ret);
void tier_capacity_report_change(const struct tier_capacity *t,
				 const struct tier_capacity_round *r,
				 const struct fleet_tier *ft);
void tier_capacity_report_contradiction(const struct tier_capacity *t,
					const struct tier_capacity_round *r,
					const struct fleet_tier *ft);

#endif
