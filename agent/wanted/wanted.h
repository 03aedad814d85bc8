/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wanted.h - brings this host's units to the state that its schedule in the store sets.
 *
 * The schedule is one key, watched. A unit's text comes from the store by its hash and is
 * kept in state_dir, as the schedule is, so that a host without a store continues as it
 * was. A unit is started once its text is here and its tier's files are rendered. A
 * unit that is to be removed, drained or replaced first loses its registrations, and is
 * stopped after DrainSec. A schedule that is absent or cannot be read changes
 * nothing.
 *
 * The states of all units are published under the host's lease, together, at most every
 * WANTED_PUBLISH_MS.
 */
#ifndef AGENT_WANTED_WANTED_H
#define AGENT_WANTED_WANTED_H

#include "cleanup.h"
#include "host.h"
#include "net.h"
#include "registrator.h"
#include "store.h"
#include "units.h"

#include <stdbool.h>

#define WANTED_PUBLISH_MS 50

struct wanted;

struct wanted_opts {
	const char *host;
	const char *state_dir;
	struct files *files; /* writes what is kept in state_dir */
	struct units *units;
	struct registrator *registrator;
	/* The tier's files were rendered, so its units may start; NULL: they
	 * always may. */
	bool (*is_ready)(void *arg, const char *stack, const char *tier);
	/* Why not, for the unit's message. */
	const char *(*why_not_ready)(void *arg, const char *stack, const char *tier);
	/* The set of units, or of active units, has changed. */
	void (*on_units)(void *arg);
	void *arg;
};

/* Continues with the saved schedule. Strings are copied. */
struct wanted *wanted_new(struct loop *loop, const struct wanted_opts *opts);
void wanted_free(struct wanted *w); /* all units keep running */
DEFINE_CLEANUP(struct wanted *, wanted_free);

/* Follows the schedule in the store and publishes states from here on. */
void wanted_set_store(struct wanted *w, struct store *s, struct lease *l);

/* Something it waits for may have happened; looked at soon, from the loop. */
void wanted_poke(struct wanted *w);

struct wanted_unit {
	const char *name, *stack, *tier;
	const char *text; /* NULL: not here yet */
	bool active;      /* it is started or about to be */
	bool starting;    /* and not up yet */
	bool up;
	enum unit_health health;
};

/* The i-th unit; false after the last. */
bool wanted_at(const struct wanted *w, size_t i, struct wanted_unit *ret);

#endif
