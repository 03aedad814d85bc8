/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schedule.h - the two documents of a host in the store: what it should run (its
 *schedule, written by the controller) and what it runs (its states, published by the
 *agent, see states.h).
 *
 *	{"epoch":7,"units":[{"name":"web@1.service","hash":"ae3b...","state":"launched",
 *	 "stack":"shop","tier":"web","drain":false}]}
 *
 * Units are kept sorted by name, so equal documents have equal texts. The epoch of a
 * schedule grows by one with each change; states carry the epoch that was applied.
 * Unknown members are ignored, so that a newer peer can be understood.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_SCHEDULE_SCHEDULE_H
#define FLEET_ADAPTER_SCHEDULE_SCHEDULE_H

#include "cleanup.h"
#include "err.h"
#include "states.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum schedule_state { SCHEDULE_INACTIVE, SCHEDULE_LOADED, SCHEDULE_LAUNCHED };

struct schedule_unit {
	char *name;
	char *hash; /* of its text, under /foretide/units/ */
	enum schedule_state state;
	char *stack;
	char *tier;
	bool drain; /* to be taken out of service, stopped and reported as drained */
};

struct schedule {
	int64_t epoch;
	struct schedule_unit *units;
	size_t n;
};

struct schedule *schedule_new(int64_t epoch);
void schedule_free(struct schedule *s);
DEFINE_CLEANUP(struct schedule *, schedule_free);

/* Copies the strings of u. ERR_CONFLICT when the name is already listed. */
int schedule_add(struct schedule *s, const struct schedule_unit *u,
		 struct err *err) MUST_CHECK;
const struct schedule_unit *schedule_get(const struct schedule *s, const char *name);

/* Same units, hashes, states and drains; the epoch is ignored. */
bool schedule_is_equal(const struct schedule *a, const struct schedule *b);

/* The document; the caller frees it. */
char *schedule_format(const struct schedule *s);
/* ERR_INVAL says what is wrong; the caller owns *ret: schedule_free(). */
int schedule_parse(const char *text, size_t len, struct schedule **ret,
		   struct err *err) MUST_CHECK;

#endif
