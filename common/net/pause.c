/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pause.h"

#include "check.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>

#define WINDOW_US (30 * 1000000LL)
/* Below this it is not worth a text. */
#define NAMED_US 10000

static void turn_windows(struct pause *p, int64_t now_us)
{
	if (now_us - p->window_us < WINDOW_US)
		return;
	p->before_max_us = now_us - p->window_us < 2 * WINDOW_US ? p->window_max_us : 0;
	p->window_max_us = 0;
	p->window_us = now_us;
}

static void note(struct pause *p, int64_t us, const char *what)
{
	turn_windows(p, clock_mono_us());
	p->window_max_us = MAX(p->window_max_us, us);
	if (p->fn && us >= p->least_ms * 1000)
		p->fn(p->arg, us / 1000, what);
}

void pause_turn_begin(struct pause *p, int64_t late_us)
{
	if (late_us > 0)
		note(p, late_us, "a stop: the process did not run");
	p->turn_us = clock_mono_us();
	p->part_longest_us = 0;
}

void pause_part_begin(struct pause *p)
{
	p->doing[0] = '\0';
	p->part_us = clock_mono_us();
}

void pause_part_end(struct pause *p, const char *where)
{
	int64_t us = clock_mono_us() - p->part_us;

	if (us <= p->part_longest_us)
		return;
	p->part_longest_us = us;
	if (us >= NAMED_US)
		snprintf(p->longest, sizeof(p->longest), "%s",
			 p->doing[0] ? p->doing : where);
}

void pause_turn_end(struct pause *p)
{
	int64_t us = clock_mono_us() - p->turn_us;

	if (!p->turn_us)
		return;
	note(p, us, p->part_longest_us >= NAMED_US ? p->longest : "many small events");
	p->turn_us = 0;
}

int64_t pause_longest_us(struct pause *p)
{
	turn_windows(p, clock_mono_us());
	return MAX(p->window_max_us, p->before_max_us);
}
