/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Retention and size limits. */
#include "check.h"
#include "registry.h"

void db_limits_default(struct db_limits *l)
{
	*l = (struct db_limits){
		.raw_retention_ms = 2 * DAY_MS,
		.retention_5m_ms = 30 * DAY_MS,
		.retention_1h_ms = 400 * DAY_MS,
		.retention_demand_ms = 60 * DAY_MS,
		.history_ms = 90 * DAY_MS,
		.max_series = 1000000,
		.max_host_series = 10000,
		.max_unit_series = 5000,
		.max_history_rows = 200000,
		.max_waiting = 8000000,
	};
}

void db_set_limits(struct db *db, const struct db_limits *l)
{
	struct db_metrics *m = db->metrics;

	db_write_lock(db);
	db_registry_lock(m);
	m->limits = *l;
	pthread_mutex_unlock(&m->lock);
	db_write_unlock(db);
}
