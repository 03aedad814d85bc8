/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * beside.h - what simpler scaling would have cost over the same minutes. Pure.
 */
#ifndef CONTROLLER_MONEY_BESIDE_H
#define CONTROLLER_MONEY_BESIDE_H

#include "db.h"

/* Hours of hosts that go with these ms of instances: as those of the tier did. */
double beside_host_hours(const struct db_ledger *l, double instance_ms);

/* Of its reactive scaling, and of the largest need all the time. */
double beside_reactive_hours(const struct db_ledger *l);
double beside_static_hours(const struct db_ledger *l);

#endif
