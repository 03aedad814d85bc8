/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sick_units.h - instances that served and do not any more: no capacity, made up for,
 * replaced.
 *
 * An instance is sick when its check fails, as its agent counts it (Rise= and Fall=), or,
 * after it was healthy with this text on this host, when it is failing (failing_units.h)
 * or has been down for a minute; until it has been healthy for a minute, or each time it
 * falls sick within an hour for twice as long, up to 32 minutes. One that has never been
 * healthy is starting, and sick when it has been up for five minutes without passing its
 * check. Of a host whose agent is silent, and of all while the view is not trusted
 * (failing_update()), nothing new is known: instances stay what they were, until their
 * host is lost (observe.h).
 *
 * A sick one is no capacity: another is started beside it at once. Its agent restarts it.
 * After five minutes, when the others carry the tier, it is drained; when there is no
 * room beside it and it has served, as a failing one is (failing_units.h): first drained,
 * then replaced. One that is not seen down in that very round is never drained for it.
 *
 * At most half of a tier is made up for, never more than its maximum, and no more at once
 * than step_out allows to start. When more than half are sick, a common cause is likelier
 * than their hosts, and during a roll-out its text is: then one is started, and another
 * for each of those that serves. Instances of stateful tiers and of tiers on hold are
 * neither made up for nor replaced.
 */
#ifndef CONTROLLER_FLEET_SICK_UNITS_H
#define CONTROLLER_FLEET_SICK_UNITS_H

#include "inventory.h"

struct failing;

/* Once it is known who is sick: sets made_up, leaving and give_up of the units, avoid of
 * the tier. */
void sick_replace(struct failing *f, struct fleet *fleet, struct fleet_tier *t);

/* Sick instances of the tier are made up for and replaced: those of a template, unless it
 * is stateful or on hold. */
bool sick_may_replace(const struct fleet *f, const struct fleet_tier *t);

/* The most instances that the operator's and the schedules' maximum allow, or, if that is
 * more, their minimum. Cost: of calendar_bounds(). */
size_t sick_most(const struct fleet *f, const struct fleet_tier *t);

/* How many instances there may be now, of which `want` are to serve. */
size_t sick_room(const struct fleet *f, const struct fleet_tier *t, size_t want);

/*
 * "2 of 6 instances of shop/web do not serve: unit web@3.service on host web-1 fails its
 * check: ..."; false when none is sick.
 */
bool sick_problem(const struct fleet *f, char *text, size_t size);

#endif
