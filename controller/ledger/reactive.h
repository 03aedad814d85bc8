/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reactive.h - the fleet that reactive scaling would have had, minute by minute, kept as
 * text in between.
 */
#ifndef CONTROLLER_LEDGER_REACTIVE_H
#define CONTROLLER_LEDGER_REACTIVE_H

#include "judge.h"
#include "watch.h"

struct reactive {
	struct rolling fleet;
	struct peer rule;
	double capacity;
	int64_t lead;           /* minutes */
	struct paid_terms paid; /* the same */
	int64_t least, most;
};
void reactive_done(struct reactive *r);
DEFINE_CLEANUP_OBJECT(struct reactive, reactive_done);

/* As mark has it; when it has none, it begins at from_ms with the instances of w, or the
 * minimum. */
void reactive_read(struct reactive *r, const struct db_ledger_tier *mark,
		   const struct watch *w, struct paid_terms paid_ms, int64_t from_ms);
/* A minute passes; adds reactive_ms and reactive_short. demand: NaN: unknown. */
void reactive_minute(struct reactive *r, int64_t minute, double demand,
		     struct db_ledger *day);
/* The instances that demand needs, within the bounds. */
int64_t reactive_need(const struct reactive *r, double demand);
/* Sets fleet and recent of mark; the caller frees them. */
void reactive_write(struct reactive *r, struct db_ledger_tier *mark);

#endif
