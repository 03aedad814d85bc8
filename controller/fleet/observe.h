/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe.h - what the store says of hosts and units, brought into the fleet.
 *
 * A host is alive while its agent's lease holds. One that stopped being so is given a
 * grace; then it is lost: to be terminated, its units to be placed elsewhere. While the
 * store cannot be read, or when most hosts vanish at one time, nobody is lost: that is
 * more likely our own blindness.
 */
#ifndef CONTROLLER_FLEET_OBSERVE_H
#define CONTROLLER_FLEET_OBSERVE_H

#include "events.h"
#include "inventory.h"
#include "store_view.h"

/* Kept from tick to tick: since when hosts are missing. */
struct observer;

struct observer *observer_new(int64_t grace_ms);
void observer_free(struct observer *o);
DEFINE_CLEANUP(struct observer *, observer_free);

struct observed {
	bool store_ok; /* the view is fresh; else what follows is what was last known */
	bool host_shrunk; /* most hosts are missing: scale nothing in */
	bool settling;    /* some host is missing and within its grace: look again soon */
};

/*
 * Fills alive, metadata, states of the hosts and healthy of the units, marks units dirty,
 * records lead times and events, declares hosts lost (state terminating).
 *   s  snapshot of /foretide/ that has a copy
 */
int observe(struct observer *o, struct fleet *f, const struct view_snapshot *s,
	    const struct events *events, struct observed *ret,
	    struct err *err) MUST_CHECK;

#endif
