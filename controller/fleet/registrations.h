/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * registrations.h - the services' records in the store beside the units that should have
 * them: healthy units that nobody finds, and records that are nobody's.
 *
 * What differs is told after REGISTRATIONS_GRACE_MS: an agent registers and withdraws by
 * itself, and puts right what others change.
 */
#ifndef CONTROLLER_FLEET_REGISTRATIONS_H
#define CONTROLLER_FLEET_REGISTRATIONS_H

#include "inventory.h"
#include "rights.h"
#include "store_view.h"

#define REGISTRATIONS_GRACE_MS 15000

struct registrations;

struct registrations *registrations_new(void);
void registrations_free(struct registrations *g);
DEFINE_CLEANUP(struct registrations *, registrations_free);

/*
 * s is the view of /skydns/, domain that of hosts and services. now_ms is monotonic.
 * Returns whether something is in its grace, so that it should be looked at again soon.
 */
bool registrations_update(struct registrations *g, const struct fleet *f,
			  const struct rights *r, const struct view_snapshot *s,
			  const char *domain, int64_t now_ms);

/* For people: healthy units without a record, with how many; false: there is none. */
bool registrations_missing(const struct registrations *g, char *ret, size_t n);
/* Records of no unit. */
bool registrations_foreign(const struct registrations *g, char *ret, size_t n);

#endif
