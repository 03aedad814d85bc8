/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observer.h - what is kept of hosts from tick to tick, and the steps of observe().
 */
#ifndef CONTROLLER_FLEET_OBSERVER_H
#define CONTROLLER_FLEET_OBSERVER_H

#include "host_documents.h"
#include "observe.h"
#include "silence.h"

/* A replaced host that is heard again, until its units are healthy or time is up. */
struct host_return {
	char id[64];
	int64_t since_ms;
	bool is_seen;
};

struct returns {
	struct host_return *v;
	size_t n;
};

struct observer {
	struct observer_opts opts;
	struct host_documents *documents;
	struct silences *silences;
	struct returns returns;
	int64_t now_ms;   /* monotonic: of this round */
	int64_t heard_ms; /* monotonic: since when it listens */
	int64_t seen_ms;  /* when present hosts were last recorded */
	int64_t blind_ms; /* until when not all could be seen; 0: nothing was yet */
};

/* ---- observe_hosts.c */

/* Reads the hosts' keys; hosts seen for the first time are up. */
int observe_hosts(const struct observer *o, struct fleet *f,
		  const struct view_snapshot *s, const struct events *events,
		  struct err *err) MUST_CHECK;

/* Records which hosts are present, for operators: not to the second. */
int observe_record_seen(struct observer *o, const struct fleet *f, struct db *db,
			struct err *err) MUST_CHECK;

/* ---- observe_silent.c: who is unknown, replaced, heard again; after the units */
int observe_silent_hosts(struct observer *o, struct fleet *f, const struct events *events,
			 struct observed *ret, struct err *err) MUST_CHECK;
/* Which units are away, by what is recorded of their hosts. */
void observe_away(struct fleet *f);
void returns_done(struct returns *r);

/* ---- observe_interrupted.c */

/* Hosts that their clouds take back drain. */
int observe_interrupted(struct fleet *f, const struct events *events,
			struct err *err) MUST_CHECK;
/* "host a of pool p (terminate at ..)", as a problem; false: there is none. */
bool observe_tell_interrupted(const struct fleet *f, char *text, size_t size);

/* ---- observe_lost.c */

/* Hosts that were to be ended for silence and are heard again are up. */
int observe_take_back(struct fleet *f, const struct events *events,
		      struct err *err) MUST_CHECK;
/* Declares hosts lost that may be ended and carry nothing. */
int observe_lost_hosts(struct observer *o, struct fleet *f, const struct events *events,
		       struct observed *ret, struct err *err) MUST_CHECK;
/* Real time of silence after which a host may be ended. */
int64_t observe_lost_after(const struct observer *o, const struct fleet *f,
			   const struct fleet_host *h);
/* It holds state, and its host's pool does not say that it is lost with its host. */
bool observe_is_protected(const struct fleet *f, const struct fleet_unit *u);
/* Such a unit, or one of a tier on hold, is on it: a person decides about the host. */
bool observe_is_kept(const struct fleet *f, const struct fleet_host *h);

/* ---- observe_units.c: the state that its host publishes */
void observe_unit(struct fleet *f, struct fleet_unit *u, const struct events *events);

#endif
