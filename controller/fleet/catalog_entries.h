/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog_entries.h - the inside of a catalog: the parsed stacks.
 */
#ifndef CONTROLLER_FLEET_CATALOG_ENTRIES_H
#define CONTROLLER_FLEET_CATALOG_ENTRIES_H

#include "stack_catalog.h"
#include "unitfile.h"

struct entry {
	char *name;
	int64_t version;
	struct stack_file *file;
	struct tz *zone;
	struct catalog_tier *tiers; /* [file->tiers.n] */
	struct event_list events;
	int64_t events_ms;
	bool is_wanted;
};

struct catalog {
	struct entry **entries;
	size_t n;
	uint64_t serial;     /* of the last listing of events */
	struct words unread; /* applied stacks that cannot be read */
};

#endif
