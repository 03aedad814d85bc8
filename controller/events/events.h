/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events.h - events for users: recorded in the database, logged, and announced to
 * listeners.
 */
#ifndef CONTROLLER_EVENTS_EVENTS_H
#define CONTROLLER_EVENTS_EVENTS_H

#include "db.h"

struct events {
	struct db *db;
	/* An event was added; must not block. May be NULL. */
	void (*notify)(void *arg);
	void *arg;
};

/* What an event is about; members that do not apply are NULL. */
struct event_about {
	const char *stack, *tier, *pool, *host, *unit;
};

/* Never fails: an event that cannot be recorded is still logged. Safe from any thread. */
void event_add(const struct events *e, const char *kind, enum db_level level,
	       const struct event_about *about, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#define EVENT_ABOUT(...) (&(const struct event_about){ __VA_ARGS__ })

#endif
