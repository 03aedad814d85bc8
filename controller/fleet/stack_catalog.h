/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stack_catalog.h - the applied stacks, parsed and kept as long as their version does not
 * change: what each tier runs, and what of a stack hosts find in the store.
 */
#ifndef CONTROLLER_FLEET_STACK_CATALOG_H
#define CONTROLLER_FLEET_STACK_CATALOG_H

#include "inventory.h"
#include "publication.h"
#include "rule.h"
#include "stacks.h"
#include "unitfile.h"

/* What a tier runs, and the clock of its stack. */
struct catalog_tier {
	const char *name;
	const struct stack_unit *unit;
	struct x_resources resources;
	int *ports; /* [n_ports] that an instance listens on */
	size_t n_ports;
	struct calendar calendar;
	const struct tz *zone;
	const struct event_list *events; /* of the stack */
	uint64_t events_serial;          /* another one when they were listed anew */
};

struct catalog;

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);
DEFINE_CLEANUP(struct catalog *, catalog_free);

/*
 * Parses what is new, forgets what is gone, lists the stacks' events anew once a day, and
 * sets the tiers' cat. A stack that cannot
 * be read (of an older version, say) leaves its tiers without one, so they run on as they
 * are; *err then says why for the first of them, and the return value is its code.
 */
int catalog_update(struct catalog *c, struct fleet *f, struct err *err) MUST_CHECK;

/*
 * Adds unit texts, confd documents and secrets of all stacks. Secrets are made at their
 * first use and kept in db.
 */
int catalog_publish(const struct catalog *c, struct publication *p, struct db *db,
		    struct err *err) MUST_CHECK;

#endif
