/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events.h - what happened, for people: into the database, the log and to listeners.
 */
#ifndef CONTROLLER_EVENTS_EVENTS_H
#define CONTROLLER_EVENTS_EVENTS_H

#include "db.h"

struct events {
	struct db *db;
	void (*notify)(void *arg); /* there is a new one; must not block. May be NULL */
	void *arg;
};

/* What it is about; members that do not apply are NULL. */
struct event_about {
	const char *stack, *tier, *pool, *host, *unit;
};

/* Never fails: an event that the database refuses is in the log. Safe from any thread. */
void event_add(const struct events *e, const char *kind, enum db_level level,
	       const struct event_about *about, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#define EVENT_ABOUT(...) (&(const struct event_about){ __VA_ARGS__ })

#endif
