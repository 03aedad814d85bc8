/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulation.h"

#include "check.h"
#include "cleanup.h"

#include <math.h>
#include <string.h>

#define MOST 100000 /* instances that a simulated fleet can have */

size_t fleet_need(double demand, double capacity)
{
	const double n = ceil(demand / capacity - 1e-9);

	return (size_t)fmin(fmax(n, 1), MOST);
}

/* Takes k of what boots, the newest first; returns those that were not there. */
static size_t cancel(size_t *ready, size_t from, size_t to, size_t k)
{
	for (size_t j = to + 1; j-- > from && k > 0;) {
		const size_t c = MIN(ready[j], k);

		ready[j] -= c;
		k -= c;
	}
	return k;
}

void fleet_simulate(const double *demand, size_t n, size_t running_at_start, size_t lead,
		    double capacity, fleet_want_fn *want, void *arg,
		    struct fleet_run *ret)
{
	CLEANUP(free) size_t *ready = xcalloc(n + lead + 2, sizeof(*ready));
	size_t run = running_at_start, boot = 0;
	double total = 0, unserved = 0, is_short = 0;

	memset(ret, 0, sizeof(*ret));
	ret->running = xcalloc(n + 1, sizeof(*ret->running));
	for (size_t i = 0; i < n; i++) {
		run += ready[i];
		boot -= ready[i];
		ret->running[i] = (uint32_t)run;
		ret->instance_steps += (double)(run + boot);
		total += demand[i];
		if (demand[i] > (double)run * capacity * (1 + 1e-9)) {
			is_short++;
			unserved += demand[i] - (double)run * capacity;
		}

		const size_t desired = want(arg, i, demand[i], run, boot);
		const size_t to = MIN(desired, (size_t)MOST);

		ret->actions += to != run + boot;
		if (to > run + boot && lead == 0) {
			run = to;
		} else if (to > run + boot) {
			ready[i + 1 + lead] += to - run - boot;
			boot = to - run;
		} else if (to < run + boot) {
			const size_t more =
				cancel(ready, i + 1, i + 1 + lead, run + boot - to);

			run -= more;
			boot = to - run;
		}
	}
	ret->short_share = n ? is_short / (double)n : 0;
	ret->unserved_share = total > 0 ? unserved / total : 0;
}

void fleet_oracle(const double *demand, size_t n, size_t running_at_start, size_t lead,
		  double capacity, struct fleet_run *ret)
{
	/* When an instance was last needed; those beyond the start never were. */
	CLEANUP(free) size_t *last = xcalloc(MOST + 1, sizeof(*last));
	size_t before = running_at_start;

	memset(ret, 0, sizeof(*ret));
	ret->running = xcalloc(n + 1, sizeof(*ret->running));
	for (size_t k = 0; k <= MOST; k++)
		last[k] = k <= running_at_start ? 0 : SIZE_MAX;
	for (size_t i = 0; i < n; i++) {
		const size_t need = fleet_need(demand[i], capacity);

		ret->actions += need != before;
		ret->instance_steps += (double)need;
		ret->running[i] += (uint32_t)need;
		for (size_t k = need + 1; k <= before; k++)
			last[k] = i; /* the step after it was needed */
		for (size_t k = before + 1; k <= need; k++) {
			const size_t gap = last[k] == SIZE_MAX ? lead : i - last[k];

			ret->instance_steps += (double)MIN(gap, lead);
			for (size_t j =
				     i - (last[k] != SIZE_MAX && gap <= lead ? gap : 0);
			     j < i; j++)
				ret->running[j]++;
		}
		before = need;
	}
}
