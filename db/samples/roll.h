/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * roll.h - whole days of series rolled up.
 */
#ifndef DB_SAMPLES_ROLL_H
#define DB_SAMPLES_ROLL_H

#include "registry.h"

/* Sets the first day to be rolled up; once, when the first samples arrive. */
void db_rolled_init(struct db_metrics *m, int64_t now_ms);
/* Stores how far days are rolled up; the second unless that is stored already. In a write
 * transaction. */
int db_rolled_move(struct db_conn *c, int64_t rolled_to, struct err *err) MUST_CHECK;
int db_rolled_save(struct db_conn *c, const struct db_metrics *m,
		   struct err *err) MUST_CHECK;

/* Rolls one day of one series up at all its resolutions. In a write transaction. */
int db_rollup_day(struct db *db, struct db_conn *c, const struct db_entry *e,
		  int64_t day_ms, struct err *err) MUST_CHECK;

#endif
