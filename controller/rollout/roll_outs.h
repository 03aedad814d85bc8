/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * roll_outs.h - the roll-outs of all tiers: how far each is, and where it stopped.
 *
 * A tier's roll-out begins when its unit has another text than its instances; fleet.h's
 * plan_units.h gives the text to one instance after the other. The first that has it is
 * watched for a minute of calendar time. The roll-out stops when an instance with the new
 * text fails (failing_units.h), is sick, which includes one that never passes its check
 * (sick_units.h), or answers more requests with errors than the old ones do
 * (error_share.h, responses.h). It stays stopped, also over a restart of the controller,
 * until the text changes or the stack is applied again; instances that are added
 * meanwhile get the text that was good. When that comes back to all, nothing is watched
 * and nothing stops it.
 *
 * A text whose instances took two hosts with them, one after the other (killers.h), is
 * banned: it is started nowhere until then, or until one of these hosts is heard again.
 *
 * A tier with rollback = auto goes back by itself, once, unless it is on hold: its unit
 * has the good text again, and nothing else of its stack changes.
 */
#ifndef CONTROLLER_ROLLOUT_ROLL_OUTS_H
#define CONTROLLER_ROLLOUT_ROLL_OUTS_H

#include "events.h"
#include "fleet.h"

/* Kept from tick to tick: what was counted of running ones. */
struct roll_outs;

struct roll_outs *roll_outs_new(void);
void roll_outs_free(struct roll_outs *r);
DEFINE_CLEANUP(struct roll_outs *, roll_outs_free);

/* What of a round is believed. */
enum roll_out_trust {
	ROLL_OUT_TRUST_NOTHING, /* the store is away, or the database was restored */
	ROLL_OUT_TRUST_STORE,   /* but most hosts fell silent together */
	ROLL_OUT_TRUST_ALL,
};

/*
 * After failing_update() and before unit_plan(): begins, watches, stops and ends the
 * tiers' roll-outs (roll, roll_waits), and writes what has changed to the database.
 *   trust        unless all is believed none stops or ends, and a text is banned only
 *                when it explains why hosts are silent (killers.h)
 *   now_mono_ms  real
 */
int roll_outs_update(struct roll_outs *r, struct fleet *f, enum roll_out_trust trust,
		     int64_t now_mono_ms, const struct events *events,
		     struct err *err) MUST_CHECK;

/*
 * Gives tiers that ask for it and have stopped their good text again; true when one has
 * it: the fleet is of the version before. What fails is told once and tried again.
 */
bool roll_outs_go_back(struct roll_outs *r, const struct fleet *f,
		       const struct events *events);

/*
 * "the roll-out of version 7 of shop stopped at 1 of 6 instances of web: ...", and what
 * to do; false when none has stopped.
 */
bool roll_outs_stopped_problem(const struct fleet *f, char *text, size_t size);
/* "unit web@3.service of shop/web took 2 hosts with it: ..."; false when none did. */
bool roll_outs_kills_problem(const struct fleet *f, char *text, size_t size);

#endif
