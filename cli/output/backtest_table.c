/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backtest_table.h"

#include <stdio.h>

void backtest_print(const struct judge_row row[JUDGE_POLICIES])
{
	printf("%-16s %14s %10s %12s %14s %10s %9s\n", "policy", "instance-hours", "cost",
	       "time short", "unserved", "actions", "headroom");
	for (int k = 0; k < JUDGE_POLICIES; k++) {
		const struct judge_row *w = &row[k];

		printf("%-16s %14.1f %10.3f %10.3f %% %12.3f %% %10zu",
		       judge_policy_name((enum judge_policy)k), w->instance_hours,
		       w->cost, 100 * w->run.short_share, 100 * w->run.unserved_share,
		       w->run.actions);
		if (w->headroom > 0)
			printf(" %9.2f", w->headroom);
		putchar('\n');
	}
	puts("\ninstance-hours: those paid for; cost: over those of the clairvoyant "
	     "optimum within the\nsame bounds; headroom: tuned on the past of this "
	     "series, as an operator could. All keep\nto the bounds, and none scales in "
	     "where the mode does not. Foretide was given only the\nrisk or the price.");
}
