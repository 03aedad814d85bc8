/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sick_units.h - instances that served and do not any more: no capacity, made up for,
 * replaced.
 *
 * An instance is sick when its check fails, as its agent counts it (Rise= and Fall=), or,
 * after it was healthy with this text on this host, when it is failing (failing_units.h)
 * or has been down for a minute; until it has been healthy for a minute. One that has
 * never been healthy is starting, and sick when it has been up for five minutes without
 * passing its check. Of a host whose agent is silent nothing new is known:
 * its instances stay what they were, until it is lost (observe.h).
 *
 * A sick one is no capacity: another is started beside it at once. Its agent restarts it.
 * After five minutes, when the others carry the tier, it is drained; when there is no
 * room beside it and it has served, as a failing one is (failing_units.h): first drained,
 * then replaced.
 *
 * At most half of a tier is made up for, and never more than its maximum. When more than
 * half are sick, a common cause is likelier than their hosts: then one is started, and
 * another for each of those that serves. Instances of stateful tiers and of tiers on hold
 * are neither made up for nor replaced.
 */
#ifndef CONTROLLER_FLEET_SICK_UNITS_H
#define CONTROLLER_FLEET_SICK_UNITS_H

#include "inventory.h"

struct failing;

/* Once it is known who is sick: sets made_up, leaving and give_up of the units, avoid of
 * the tier. */
void sick_replace(struct failing *f, struct fleet *fleet, struct fleet_tier *t);

/* How many instances there may be now, of which `want` are to serve. */
size_t sick_room(const struct fleet *f, const struct fleet_tier *t, size_t want);

/*
 * "2 of 6 instances of shop/web do not serve: unit web@3.service on host web-1 fails its
 * check: ..."; false when none is sick.
 */
bool sick_problem(const struct fleet *f, char *text, size_t size);

#endif
