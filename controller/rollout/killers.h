/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * killers.h - units that take their hosts with them, one after the other.
 *
 * A host that falls silent within five minutes of a unit's start on it, and is replaced
 * for that (silence.h), is put down to the unit's text, unless another instance with that
 * text has run for longer elsewhere. A text is a killer when a second host is lost so, on
 * which it was started after the first was: what all hosts suffer at once is never put
 * down to a unit. A host that is heard again was only cut off, by nobody.
 *
 * In a small installation two hosts are most of it, which raises a doubt (silence.h):
 * then a text is put down as well that had just begun on each host that is not heard.
 */
#ifndef CONTROLLER_ROLLOUT_KILLERS_H
#define CONTROLLER_ROLLOUT_KILLERS_H

#include "fleet.h"
#include "roll_outs.h"

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
void killers_update(struct killers *k, struct fleet *f, enum roll_out_trust trust,
		    int64_t now_mono_ms,
		    void (*found)(void *arg, const struct killer *killer), void *arg);

/* Whether one of these hosts, "a b", is heard. */
bool killers_is_heard(struct fleet *f, const char *hosts);

#endif
