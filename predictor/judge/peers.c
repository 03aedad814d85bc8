/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peers.h"

#include "check.h"

#include <math.h>

static size_t round_up(double x)
{
	return (size_t)fmin(fmax(ceil(x - 1e-9), 1), 1e5);
}

size_t peer_reactive(void *peer, const struct fleet_now *now)
{
	struct peer *p = peer;
	const size_t have = now->running + now->booting;
	const double x = now->demand / p->capacity * p->headroom;
	const size_t desired = fabs(x / (double)have - 1) <= 0.1 ? have : round_up(x);
	size_t highest = 0;

	p->recent[now->i % ARRAY_SIZE(p->recent)] = desired;
	for (size_t k = 0; k < ARRAY_SIZE(p->recent); k++)
		highest = MAX(highest, p->recent[k]);
	return desired >= have ? desired : MIN(have, highest);
}

/* Demand at step i + ahead - back, where that lies in what was seen up to step i. */
static double seen(const struct peer *p, size_t i, size_t ahead, size_t back)
{
	const size_t at = p->n_past + i + ahead;

	if (at < back || ahead > back)
		return 0;
	return at - back < p->n_past ? p->past[at - back]
				     : p->demand[at - back - p->n_past];
}

static double around(const struct peer *p, size_t i, size_t back, size_t reach)
{
	double top = 0;

	for (size_t k = 0; k <= reach + p->lead; k++)
		top = fmax(top, seen(p, i, k, back));
	for (size_t k = 1; k <= reach; k++)
		top = fmax(top, seen(p, i, 0, back + k));
	return top;
}

size_t peer_seasonal(void *peer, const struct fleet_now *now)
{
	const struct peer *p = peer;
	const size_t reach = MIN((size_t)10, p->day / 24);
	double x = around(p, now->i, p->day, reach);

	if (p->n_past + now->i > 7 * p->day + reach)
		x = 0.5 * (x + around(p, now->i, 7 * p->day, reach));
	return round_up(fmax(x, now->demand) / p->capacity * p->headroom);
}

size_t peer_static(void *peer, const struct fleet_now *now)
{
	const struct peer *p = peer;

	(void)now;
	return fleet_need(p->highest, p->capacity);
}
