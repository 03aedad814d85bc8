/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * adopt_texts.h - unit texts that a host was found running, and that no kept version of
 * the stack has: they were rolled out since the backup that was restored.
 */
#ifndef CONTROLLER_FLEET_ADOPT_TEXTS_H
#define CONTROLLER_FLEET_ADOPT_TEXTS_H

#include "events.h"
#include "inventory.h"

/*
 * Stops the roll-out of each tier that has such an instance on the host (a stopped one
 * without a good text), so that it keeps its text until a person applies the stack. After
 * fleet_index(); before the units are saved.
 */
int adopt_texts(struct fleet *f, const struct fleet_host *h, const struct events *events,
		struct err *err) MUST_CHECK;

#endif
