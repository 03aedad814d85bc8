/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger.h - what each tier really had and what it cost, minute by minute, entered in the
 * database by the UTC day (struct db_ledger).
 *
 * A minute is KNOWN when demand was measured in it and the hosts' states were seen, or
 * when the latency of a tier with a latency_max was measured. It is SHORT when its demand
 * (the mean of what was measured in it) was above what served: the healthy instances
 * times the capacity in force, in the mean of the time that was seen; or when it was
 * SLOW: its mean latency was above latency_max. All other minutes since the tier was
 * first seen are unknown: neither kept nor short. Those of which the controller was not
 * there are unknown too.
 *
 * A HOST's time runs from its launch call (the last, when that had to be sent again)
 * until the request that ended it, or until it was missed. It is shared in equal parts
 * among the units that are on the host when it is entered. A host without units is shared
 * among the tiers of its pool: by their instances that wait for a host, else by their
 * instances, else evenly; a pool without tiers has a row of its stack alone. A launch
 * whose VM never was costs nothing. A billing unit is paid for when it begins,
 * a minimum with the launch.
 *
 * Minutes are entered one minute after they are over, each once: minutes, hours, and how
 * far they go are one transaction, and no time that was entered is entered again after a
 * restart or when the clock was set back by at most a day. A mark that is more than a day
 * ahead was set by a clock that was wrong: the entering goes on from the present time,
 * and what was entered stays on the days of that clock. Of a time longer than 31 days in
 * which nothing was entered, the last 31 days are entered as unknown, and the hosts' time
 * on the first of them.
 *
 * Beside it reactive scaling is simulated over the same minutes: the rule of Kubernetes'
 * HPA without headroom (predictor/judge/peers.h), with the tier's capacity, lead time,
 * bounds and billing units; it begins with the instances that the tier had. In unknown
 * minutes it stays as it is.
 *
 * Cost: once a minute; of 1,000 tiers with a host each 22 ms of a core.
 */
#ifndef CONTROLLER_LEDGER_LEDGER_H
#define CONTROLLER_LEDGER_LEDGER_H

#include "cleanup.h"
#include "db.h"
#include "err.h"
#include "fleet.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger;

/* A database that has no ledger yet gets one that begins now. */
struct ledger *ledger_new(struct db *db);
void ledger_free(struct ledger *l);
DEFINE_CLEANUP(struct ledger *, ledger_free);

struct ledger_moment {
	bool is_fresh;   /* the hosts' states are */
	int64_t tick_ms; /* calendar */
};

/*
 * Once a round, after its tiers were decided: notes what serves, and enters the minutes
 * that are over. When it fails nothing is entered, and the next call does it.
 */
int ledger_round(struct ledger *l, struct fleet *f, const struct ledger_moment *m,
		 struct err *err) MUST_CHECK;

#endif
