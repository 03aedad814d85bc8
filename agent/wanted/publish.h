/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish.h - publishes the states of all units in the store, under the host's lease.
 */
#ifndef AGENT_WANTED_PUBLISH_H
#define AGENT_WANTED_PUBLISH_H

#include "entry.h"

void wanted_publish(struct wanted *w);
/* At most every WANTED_PUBLISH_MS, by the timer w->publish. */
void wanted_publish_soon(struct wanted *w);

#endif
