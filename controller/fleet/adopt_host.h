/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * adopt_host.h - a host that was found serving without a record: the units that it runs
 * are taken into the database before it gets a schedule, which would end all others.
 */
#ifndef CONTROLLER_FLEET_ADOPT_HOST_H
#define CONTROLLER_FLEET_ADOPT_HOST_H

#include "events.h"
#include "inventory.h"

/* It was adopted, and its units were not taken over yet: it gets no schedule. */
bool adopt_is_open(const struct db_host *h);

/* It was adopted, is heard, and what it runs is not known yet or has not ended: while it
 * drains it is kept. */
bool adopt_is_busy(const struct fleet_host *h);

/*
 * Takes the units of an open host over, and raises the desired counts of their tiers to
 * what serves, so that nothing is ended for an older count; a tier above its maximum is
 * put on hold. A text that is not known stays (adopt_texts.h). *ret: whether that is
 * done. It is not while its agent has not told its units, or while one of them is of no
 * tier, unless the host drains: then that one is not taken over, and ends.
 */
int adopt_host(struct fleet *f, struct fleet_host *h, const struct events *events,
	       bool *ret, struct err *err) MUST_CHECK;

#endif
