/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "beside.h"

#define HOUR_MS 3600000.0
#define MINUTE_MS 60000.0

double beside_host_hours(const struct db_ledger *l, double instance_ms)
{
	const double hosts =
		l->instance_ms > 0 ? (double)l->loaded_ms / (double)l->instance_ms : 1;

	return instance_ms / HOUR_MS * hosts;
}

double beside_reactive_hours(const struct db_ledger *l)
{
	return beside_host_hours(l, (double)l->reactive_ms);
}

double beside_static_hours(const struct db_ledger *l)
{
	const double minutes = (double)(l->known + l->unknown);

	return beside_host_hours(l, (double)l->peak * minutes * MINUTE_MS);
}
