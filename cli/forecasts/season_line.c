/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "season_line.h"

#include "clock.h"

#include <stdio.h>

void print_season(int64_t period_ms, double correlation)
{
	char text[CLOCK_TEXT];

	printf("season: %s (correlation %.2f)\n", clock_format_duration(period_ms, text),
	       correlation);
}
