/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rights.h - what each host may read and write in the store: it follows from what is
 * placed on it.
 *
 * A host reads the texts of its units, and configuration and secrets of their stacks; it
 * writes the records of their services, under its own address. "Its units" are those of
 * the schedule that it has in the store and those of the one that it is about to get: so
 * a right is there before the unit, and ends when the schedule no longer names it.
 */
#ifndef CONTROLLER_FLEET_RIGHTS_H
#define CONTROLLER_FLEET_RIGHTS_H

#include "inventory.h"
#include "stack_catalog.h"
#include "store_view.h"

struct kv_rights;

/* Who enforces them. All is valid during the call only. */
struct rights_opts {
	void (*set)(void *arg, const struct kv_rights *r); /* NULL: nobody */
	void (*drop)(void *arg, const char *host);         /* the host is gone */
	void *arg;
	const char *domain; /* of hosts and services */
};

struct rights;

/* opts must outlive it. */
struct rights *rights_new(const struct rights_opts *opts);
void rights_free(struct rights *r);
DEFINE_CLEANUP(struct rights *, rights_free);

/*
 * Hands over the rights of hosts for which they differ. Call it before schedules are
 * written. s is the view of /foretide/.
 */
void rights_update(struct rights *r, const struct fleet *f, const struct catalog *c,
		   const struct view_snapshot *s);

/* A record that a host may have in the store. */
struct rights_record {
	char *key, *value;
	char *unit; /* on its host, "web@1.service"; "": the record is of the host's name
		     */
};

/* Those of a host; NULL and 0 when it is not known. Valid until the next update. */
const struct rights_record *rights_records(const struct rights *r, const char *host,
					   size_t *ret_n);
/* The first of all hosts' that may be under the key, or NULL. O(log n). */
const struct rights_record *rights_find(const struct rights *r, const char *key);

#endif
