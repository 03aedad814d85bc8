/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stack_catalog.h - the applied stacks, parsed and kept as long as their version does not
 * change: what each tier runs, and what is published of a stack.
 */
#ifndef CONTROLLER_FLEET_STACK_CATALOG_H
#define CONTROLLER_FLEET_STACK_CATALOG_H

#include "inventory.h"
#include "publication.h"
#include "rule.h"
#include "stacks.h"
#include "unitfile.h"

/* What a tier runs, and its stack's time zone. */
struct catalog_tier {
	const char *name;
	const struct stack_unit *unit;
	bool rolls_back; /* by itself, when the roll-out of a new text stops */
	struct x_resources resources;
	int *ports; /* [n_ports] that an instance listens on */
	size_t n_ports;
	struct calendar calendar;
	const struct tz *zone;
	const struct event_list *events; /* of the stack */
	uint64_t events_serial;          /* changes when they are listed again */
};

struct catalog;

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);
DEFINE_CLEANUP(struct catalog *, catalog_free);

/*
 * Parses new stacks, forgets deleted ones, lists the stacks' events again once a day, and
 * sets the tiers' cat. The tiers of a stack that cannot be read (such as an older
 * version's) get none and keep running unchanged; *err and the return value are those of
 * the first such stack.
 */
int catalog_update(struct catalog *c, struct fleet *f, struct err *err) MUST_CHECK;

/*
 * Adds unit texts, confd documents and secrets of all stacks. Secrets are generated at
 * first use and stored in db.
 */
int catalog_publish(const struct catalog *c, struct publication *p, struct db *db,
		    struct err *err) MUST_CHECK;

#endif
