/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe.h - updates the fleet's hosts and units from what they published in the store.
 *
 * A host is alive while its agent's lease is valid. After a grace period without one it
 * is lost: it is terminated and its units are placed elsewhere. While the store cannot be
 * read, or when most hosts vanish at the same time, no host is declared lost: our own
 * connection is the more likely cause.
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
	bool store_ok;    /* the view is fresh; otherwise the last known state is used */
	bool host_shrunk; /* most hosts are missing: do not scale in */
	bool settling;    /* a host is missing within its grace: look again soon */
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
