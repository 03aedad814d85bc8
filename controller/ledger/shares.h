/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shares.h - who has a host's time: see ledger.h.
 */
#ifndef CONTROLLER_LEDGER_SHARES_H
#define CONTROLLER_LEDGER_SHARES_H

#include "fleet.h"

#include <stddef.h>

/* A part of `of`. The names are the fleet's. */
struct share {
	const char *stack, *tier; /* tier "": no tier's */
	size_t part;
};
struct share_list {
	struct share *v; /* [n] at least one */
	size_t n, of;
};

/* All hosts of a fleet. */
struct shares;
struct shares *shares_new(struct fleet *f);
void shares_free(struct shares *s);
DEFINE_CLEANUP(struct shares *, shares_free);

/* Of a host that may be gone. Valid as long as s. O(log units). */
const struct share_list *shares_of(struct shares *s, const struct db_host *h);

#endif
