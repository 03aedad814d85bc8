/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reactive.h"

#include "check.h"

#include <math.h>
#include <stdlib.h>

void reactive_done(struct reactive *r)
{
	rolling_done(&r->fleet);
}

static int64_t minutes_of(int64_t ms)
{
	return (ms + MINUTE_MS - 1) / MINUTE_MS;
}

static bool read_recent(const char *text, struct peer *rule)
{
	for (size_t i = 0; i < ARRAY_SIZE(rule->recent); i++) {
		char *rest;

		rule->recent[i] = strtoul(text, &rest, 10);
		if (rest == text)
			return false;
		text = rest;
	}
	return true;
}

void reactive_read(struct reactive *r, const struct db_ledger_tier *mark,
		   const struct watch *w, struct paid_terms paid_ms, int64_t from_ms)
{
	*r = (struct reactive){
		.rule = { .headroom = 1, .capacity = w->capacity },
		.capacity = w->capacity,
		.lead = minutes_of(w->lead_ms),
		.paid = { .unit = MAX(paid_ms.unit / MINUTE_MS, INT64_C(1)),
			  .least = minutes_of(paid_ms.least) },
		.least = w->least,
		.most = w->most,
	};
	if (!read_recent(mark->recent, &r->rule) || !rolling_read(mark->fleet, &r->fleet))
		rolling_start(&r->fleet, from_ms / MINUTE_MS,
			      (size_t)MAX(llround(w->placed), w->least));
}

static int64_t within(const struct reactive *r, int64_t n)
{
	return MIN(MAX(n, r->least), r->most);
}

int64_t reactive_need(const struct reactive *r, double demand)
{
	return within(r, (int64_t)fleet_need(demand, r->capacity));
}

void reactive_minute(struct reactive *r, int64_t minute, double demand,
		     struct db_ledger *day)
{
	const int64_t paid = rolling_step(&r->fleet, minute, r->paid);
	const size_t running = rolling_running(&r->fleet, minute);
	size_t desired;

	day->reactive_ms += paid * MINUTE_MS;
	if (isnan(demand))
		return;
	day->reactive_short += demand > (double)running * r->capacity * (1 + 1e-9);
	desired = peer_reactive(
		&r->rule,
		&(struct fleet_now){ .i = (size_t)minute,
				     .demand = demand,
				     .running = running,
				     .booting = rolling_size(&r->fleet) - running });
	rolling_want(&r->fleet, minute, (size_t)within(r, (int64_t)desired), r->lead,
		     r->paid);
}

void reactive_write(struct reactive *r, struct db_ledger_tier *mark)
{
	const size_t *v = r->rule.recent;

	mark->fleet = rolling_write(&r->fleet);
	mark->recent = xasprintf("%zu %zu %zu %zu %zu", v[0], v[1], v[2], v[3], v[4]);
}
