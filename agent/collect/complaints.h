/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * complaints.h - what was last said of each source of metrics, so that a source that
 * fails in the same way again is not told of again, whatever others do.
 */
#ifndef AGENT_COLLECT_COMPLAINTS_H
#define AGENT_COLLECT_COMPLAINTS_H

#include <stdbool.h>
#include <stddef.h>

struct complaint;

struct complaints { /* all zero: none */
	struct complaint *first;
};

/* Whether the last message of this source of the unit was another; then this one is it.
 */
bool complaint_is_new(struct complaints *c, const char *unit, size_t source,
		      const char *message);
/* Forgets those of units that are not there. */
void complaints_keep(struct complaints *c, bool (*is_there)(void *arg, const char *unit),
		     void *arg);
void complaints_done(struct complaints *c);

#endif
