/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rows.h - what is decided for each item, and the reasons given for it. Inside the room
 * only.
 */
#ifndef FLEET_ADAPTER_PLACEMENT_ROWS_H
#define FLEET_ADAPTER_PLACEMENT_ROWS_H

#include "state.h"

struct place_row *place_row_of(struct state *s, int item);
void place_set_row(struct state *s, int item, enum place_action action, int bin);
void place_set_reason(struct state *s, int item, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Why no host that is up would do. */
void place_set_no_host_reason(struct state *s, int item, const int why[WHY_COUNT]);

#endif
