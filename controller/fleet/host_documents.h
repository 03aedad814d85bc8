/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_documents.h - what hosts say of themselves and of their units in the store, parsed
 * again only when it has changed.
 *
 * For one thread: what it gives to a fleet is shared with the next one.
 */
#ifndef CONTROLLER_FLEET_HOST_DOCUMENTS_H
#define CONTROLLER_FLEET_HOST_DOCUMENTS_H

#include "inventory.h"
#include "store_view.h"

struct host_documents;
struct host_documents *host_documents_new(void);
void host_documents_free(struct host_documents *d);

/* Which hosts are alive, and what each says; that of hosts not in the fleet is
 * forgotten. */
void host_documents_read(struct host_documents *d, struct fleet *f,
			 const struct view_snapshot *s);

#endif
