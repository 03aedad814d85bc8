/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lines.h"

#include "clock.h"

#include <math.h>
#include <stdio.h>

#define LEAST_HELD 0.93 /* two points below what is promised */

void print_season(int64_t period_ms, double correlation)
{
	char text[CLOCK_TEXT];

	printf("season: %s (correlation %.2f)\n", clock_format_duration(period_ms, text),
	       correlation);
}

void print_held(int64_t ahead_ms, double share)
{
	char text[CLOCK_TEXT];

	clock_format_duration(ahead_ms, text);
	if (isnan(share))
		printf("95 %% band: the past is too short to tell what it holds %s "
		       "ahead\n",
		       text);
	else
		printf("95 %% band: has held %.0f of 100 past values %s ahead%s\n",
		       100 * share, text,
		       share < LEAST_HELD ? ", fewer than it should" : "");
}
