/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failing_state.h - what is kept of failing units: the instances, and what was tried for
 * their tiers.
 */
#ifndef CONTROLLER_FLEET_FAILING_STATE_H
#define CONTROLLER_FLEET_FAILING_STATE_H

#include "failing_units.h"

/* One instance that is, or was, not well. */
struct tracked_unit {
	char *unit, *hash, *host;
	int64_t base;           /* restarts when it last ran well */
	int64_t stable_mono_ms; /* since when it runs; 0: it does not */
	bool is_stable;         /* has run for a minute */
	int64_t since_ms;       /* fails since; 0: does not */
	char *message;          /* the last that its unit had to say */
	char *why;              /* "failed 5 times: ..."; NULL: it does not fail */
	bool is_seen;
};

/* What was tried for a tier since all of it last ran. */
struct attempt {
	char *stack, *tier;
	char *avoid;              /* host of the instance that was given up last; "" */
	int64_t wait_ms, next_ms; /* after the latest try; 0: there was none */
	bool is_seen;
};

struct failing {
	struct tracked_unit *units; /* by unit */
	size_t n_units;
	struct attempt *attempts;
	size_t n_attempts;
};

/* Takes value over. */
void failing_set_text(char **text, char *value);

/* NULL: none, and it is not to be added. */
struct tracked_unit *failing_find(struct failing *f, const struct fleet_unit *u,
				  bool add);
struct attempt *failing_find_attempt(struct failing *f, const struct fleet_tier *t,
				     bool add);

/* Drops the units that were not seen since the last call. */
void failing_forget_units(struct failing *f);
void failing_attempt_done(struct attempt *a);

/* ---- failing_retry.c */

/* Marks an instance of the tier as given up when it is time for another to try. */
void failing_replace(struct failing *f, struct fleet *fleet, struct fleet_tier *t);

/* Drops what was tried for tiers whose instances all run; sets avoid of the others. */
void failing_forget_attempts(struct failing *f, struct fleet *fleet);

#endif
