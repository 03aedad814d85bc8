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

/* Kept from tick to tick: since when hosts are missing, and all can be seen. */
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
 * records hosts' lead times and events, declares hosts lost (state terminating).
 *   s  snapshot of /foretide/ that has a copy
 */
int observe(struct observer *o, struct fleet *f, const struct view_snapshot *s,
	    const struct events *events, struct observed *ret,
	    struct err *err) MUST_CHECK;

/*
 * After failing_update(): the lead times of instances that became healthy in this round.
 *
 * A lead time is what the next launch will take: from the call to the driver that
 * launched the instance's host, or from when it was wanted if that was later (the host
 * came for another one), or from its placement when the host stood there already. So it
 * does not count what an instance waits for before that: room in its pool, terminations,
 * credentials, a driver that fails, a place on a host. That is told in the event.
 *
 * None is recorded of an instance that was failing on its way, and none of a launch
 * during which the controller was away or could not read the store: when it became
 * healthy is not known, and its agent may have waited for the controller.
 */
int observe_leads(const struct observer *o, const struct fleet *f,
		  const struct events *events, struct err *err) MUST_CHECK;

/* When the lead time of a unit that has a host began. */
int64_t observe_lead_start(const struct fleet_unit *u);

#endif
