/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observer.h - what is kept of hosts from tick to tick, and the steps of observe().
 */
#ifndef CONTROLLER_FLEET_OBSERVER_H
#define CONTROLLER_FLEET_OBSERVER_H

#include "observe.h"

struct missing {
	char id[64];
	int64_t since_mono_ms;
};

struct observer {
	int64_t grace_ms;
	struct missing *missing;
	size_t n_missing;
	int64_t seen_ms;  /* when present hosts were last recorded */
	int64_t blind_ms; /* until when not all could be seen; 0: nothing was yet */
};

/* ---- observe_hosts.c */

/* Reads the hosts' keys; hosts seen for the first time are up. */
int observe_hosts(const struct observer *o, struct fleet *f,
		  const struct view_snapshot *s, const struct events *events,
		  struct err *err) MUST_CHECK;

/* Declares hosts lost that have been missing for longer than their grace. */
int observe_lost_hosts(struct observer *o, struct fleet *f, const struct events *events,
		       struct observed *ret, struct err *err) MUST_CHECK;

/* Records which hosts are present, for operators: not to the second. */
int observe_record_seen(struct observer *o, const struct fleet *f, struct db *db,
			struct err *err) MUST_CHECK;

/* ---- observe_units.c: the state that its host publishes */
void observe_unit(struct fleet *f, struct fleet_unit *u, const struct events *events);

#endif
