/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock_watch.h"

#include <stdlib.h>

int64_t clock_watch_look(struct clock_watch *w, int64_t wall_ms, int64_t mono_ms)
{
	const int64_t by_ms = (wall_ms - w->wall_ms) - (mono_ms - w->mono_ms);
	const bool is_set = w->has_begun && llabs(by_ms) >= CLOCK_SET_MS;

	*w = (struct clock_watch){ true, wall_ms, mono_ms };
	return is_set ? by_ms : 0;
}
