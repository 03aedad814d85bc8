/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maintain.h - the steps of db_maintain().
 *
 * Each does one slice of its work. 1: there is more to do, 0: nothing for now.
 */
#ifndef DB_SAMPLES_MAINTAIN_H
#define DB_SAMPLES_MAINTAIN_H

#include "samples.h"

/* Packs samples in memory into chunks and trims the journal. In flush.c. */
int db_step_flush(struct db *db, int64_t now_ms, struct err *err) MUST_CHECK;
/* Rolls up the days that are over. In roll.c. */
int db_step_roll(struct db *db, int64_t now_ms, struct err *err) MUST_CHECK;
/* Deletes what is past its retention. In prune.c. */
int db_step_prune(struct db *db, int64_t now_ms, struct err *err) MUST_CHECK;

#define SLICE 64 /* series in one transaction */
#define SLICE_ROWS "500"

#endif
