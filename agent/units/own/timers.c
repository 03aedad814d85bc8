/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "timers.h"

#include "check.h"

#define POLL_FIRST_MS 5
#define POLL_MOST_MS 200

void unit_set_deadline(struct unit *u, int64_t ms)
{
	if (ms >= 0)
		loop_timer_in(u->deadline, ms);
}

void unit_poll_first(struct unit *u)
{
	u->poll_ms = POLL_FIRST_MS;
	loop_timer_in(u->poll, u->poll_ms);
}

void unit_poll_again(struct unit *u)
{
	loop_timer_in(u->poll, u->poll_ms);
	u->poll_ms = MIN(u->poll_ms * 2, POLL_MOST_MS);
}

void unit_poll_slowly(struct unit *u)
{
	u->poll_ms = POLL_MOST_MS;
	loop_timer_in(u->poll, u->poll_ms);
}
