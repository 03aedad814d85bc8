/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * killers.h - units that take their hosts with them, one after the other.
 *
 * A host that falls silent within five minutes of a unit's start on it is put down to the
 * unit's text, unless another instance with that text has run for longer elsewhere. A
 * text is a killer when a second host falls silent so, on which it was started after the
 * first had: what all hosts suffer at once is never put down to a unit.
 */
#ifndef CONTROLLER_ROLLOUT_KILLERS_H
#define CONTROLLER_ROLLOUT_KILLERS_H

#include "fleet.h"

struct killers;

struct killers *killers_new(void);
void killers_free(struct killers *k);
DEFINE_CLEANUP(struct killers *, killers_free);

struct killer {
	struct fleet_tier *tier;
	const char *hash; /* of the text */
	char unit[UNIT_NAME_TEXT];
	char hosts[2][64];
};

/*
 * Looks at all hosts and units; calls found() for each text that has just taken a second
 * host. now_mono_ms: real.
 */
void killers_update(struct killers *k, struct fleet *f, int64_t now_mono_ms,
		    void (*found)(void *arg, const struct killer *killer), void *arg);

#endif
