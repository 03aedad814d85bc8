/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failing_state.h - what is known of failing units, and of the attempts to replace them.
 */
#ifndef CONTROLLER_FLEET_FAILING_STATE_H
#define CONTROLLER_FLEET_FAILING_STATE_H

#include "failing_units.h"

#define STABLE_MS 60000 /* real */

/* An instance that is, or was, not stable. */
struct tracked_unit {
	char *unit, *hash, *host;
	int64_t base;           /* restarts when it was last stable */
	int64_t stable_mono_ms; /* healthy since; 0: it is not */
	bool is_stable;         /* has run for a minute */
	int64_t since_ms;       /* failing since; 0: it is not */
	char *message;          /* its unit's latest */
	char *why;              /* "failed 5 times: ..."; NULL: not failing */
	bool served;            /* with this text, on this host */
	int64_t up_since_ms;    /* its agent's word, by its agent's clock */
	int64_t looked_ms;    /* when its state was last seen; 0: not in the last round */
	int64_t coming_ms;    /* how long it was seen up without a pass */
	int64_t down_mono_ms; /* served, and does not since; 0: it does */
	char *sick;           /* "fails its check: ..."; NULL: not sick */
	int64_t sick_ms;      /* since when */
	int times_sick;       /* since it was last healthy for an hour */
	bool is_seen;
};

/* Attempts for a tier since all of it was last stable. */
struct attempt {
	char *stack, *tier;
	char *avoid;              /* host of the instance that is tried elsewhere; "" */
	bool is_moved;            /* one was tried on another host */
	int64_t moved_ms;         /* when; 0: never, or more than an hour ago */
	int64_t wait_ms, next_ms; /* after the latest try; 0: there was none */
	bool is_seen;
};

struct failing {
	bool is_trusted;            /* what is seen in this round */
	struct tracked_unit *units; /* by unit */
	size_t n_units;
	struct attempt *attempts;
	size_t n_attempts;
};

/* Takes ownership of value. */
void failing_set_text(char **text, char *value);

/* An event: "unit web@1.service on host web-1 ", and what. */
void failing_tell(const struct events *events, const char *kind, enum db_level level,
		  const struct fleet_unit *u, const char *what);

/* NULL: there is none, and add is false. */
struct tracked_unit *failing_find(struct failing *f, const struct fleet_unit *u,
				  bool add);
struct attempt *failing_find_attempt(struct failing *f, const struct fleet_tier *t,
				     bool add);

/* Drops the units that were not seen since the last call. */
void failing_forget_units(struct failing *f);
void failing_attempt_done(struct attempt *a);

/* ---- sick_units.c */

/* Sets sick of the unit. s: its state; NULL: not known, it stays as it was, and how long
 * it has been down is counted anew. */
void sick_examine(struct tracked_unit *p, struct fleet_unit *u,
		  const struct unit_state *s, int64_t now_ms, int64_t now_mono_ms,
		  const struct events *events);

/* ---- failing_retry.c */

/* A unit of the tier may be replaced by another: not when it is stateful or on hold. */
bool failing_may_give_up(const struct fleet *fleet, const struct fleet_tier *t);

/* Marks an instance that has been useless since since_ms as given up, if it is time to
 * try another in its place. */
void failing_try_another(struct failing *f, struct fleet *fleet,
			 const struct fleet_tier *t, struct fleet_unit *u,
			 int64_t since_ms);

/* Marks a failing instance as given up when it is time to try another. */
void failing_replace(struct failing *f, struct fleet *fleet, struct fleet_tier *t);

/* Drops the attempts for tiers that are stable; sets avoid of the others. */
void failing_forget_attempts(struct failing *f, struct fleet *fleet);

#endif
