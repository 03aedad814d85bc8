/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * saved.h - the schedule on disk, for a host whose store is unreachable.
 */
#ifndef AGENT_WANTED_SAVED_H
#define AGENT_WANTED_SAVED_H

#include "entry.h"

void schedule_save(const struct wanted *w, const struct schedule *s);
/* NULL when there is none. */
struct schedule *schedule_restore(const struct wanted *w);

#endif
