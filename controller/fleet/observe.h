/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observe.h - updates the fleet's hosts and units from what they published in the store.
 *
 * A host is alive while its agent's lease is valid; what follows from its silence is in
 * silence.h. An unknown host keeps its VM and its units. Another instance is started in
 * the place of each, or the same elsewhere when its name can exist only once, as soon as
 * the host is to be replaced; none in the place of a stateful one, unless its pool says
 * so. When the host is heard again its units count again, and what is then too many goes
 * as when a tier scales in.
 *
 * A host that may be ended for its silence is lost once others serve in the place of its
 * units, or after twice that time. It is never lost while a stateful instance, or one of
 * a tier on hold, is on it: a person drains it. One that is heard again before its
 * termination was requested is up again. One that its cloud takes back, as its agent
 * says, drains at once: its successor is launched first. While the store cannot be read
 * nothing is concluded.
 */
#ifndef CONTROLLER_FLEET_OBSERVE_H
#define CONTROLLER_FLEET_OBSERVE_H

#include "events.h"
#include "inventory.h"
#include "listening.h"
#include "store_view.h"

/* Kept from tick to tick: who is silent, and since when all can be seen. */
struct observer;

struct observer_opts {
	int64_t grace_ms;            /* real, after the end of a lease */
	int64_t lost_after_ms;       /* real, where the pool says nothing */
	int64_t push_ms;             /* real: how often a host pushes metrics */
	int64_t return_ms;           /* real: for one that is back to serve; 0: 30 s */
	struct listening *listening; /* NULL: it listens always, and no pushes arrive */
};

struct observer *observer_new(const struct observer_opts *opts);
void observer_free(struct observer *o);
DEFINE_CLEANUP(struct observer *, observer_free);

struct observed {
	bool store_ok;    /* the view is fresh; otherwise the last known state is used */
	bool host_shrunk; /* most hosts are silent together: do not scale in */
	bool settling;    /* a host has just fallen silent, or is back: look again soon */
	bool lists_due;   /* a host has just fallen silent: what do the clouds list? */
	size_t n_limited; /* hosts that wait to be lost */
};

/*
 * Fills alive, metadata, states of the hosts and healthy of the units, marks units dirty,
 * records hosts' lead times and events, which hosts are unknown, and declares hosts lost
 * (state terminating).
 *   s  snapshot of /foretide/ that has a copy
 */
int observe(struct observer *o, struct fleet *f, const struct view_snapshot *s,
	    const struct events *events, struct observed *ret,
	    struct err *err) MUST_CHECK;

/* Of what the latest observe() found, as problems for people; false: there is none. */
enum observe_problem {
	OBSERVE_DEAF,        /* the controller itself did not listen lately */
	OBSERVE_DOUBTED,     /* so many are silent that none is believed to be lost */
	OBSERVE_UNKNOWN,     /* hosts are not heard */
	OBSERVE_CUT,         /* hosts push metrics, and are cut off from the store */
	OBSERVE_STATEFUL,    /* a person decides about them */
	OBSERVE_LIMITED,     /* more are lost than are ended at once */
	OBSERVE_INTERRUPTED, /* clouds take hosts back */
	OBSERVE_VANISHED,    /* hosts go on with the last list of a service */
	OBSERVE_PUT_RIGHT,   /* hosts put right what others did to their records */
	N_OBSERVE_PROBLEMS
};
bool observe_problem(struct observer *o, const struct fleet *f, const struct observed *s,
		     enum observe_problem which, char *text, size_t size);

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
