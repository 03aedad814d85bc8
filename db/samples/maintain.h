/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maintain.h - the steps of db_maintain().
 *
 * Each does one slice of its work. 1: there is more to do, 0: nothing for now.
 */
#ifndef DB_SAMPLES_MAINTAIN_H
#define DB_SAMPLES_MAINTAIN_H

#include "clock.h"
#include "samples.h"

/* Packs samples in memory into chunks and trims the journal. In flush.c. */
int db_step_flush(struct db *db, int64_t now_ms, struct err *err) MUST_CHECK;
/* Rolls up the days that are over. In roll.c. */
int db_step_roll(struct db *db, int64_t now_ms, struct err *err) MUST_CHECK;
/* Deletes what is past its retention. In prune.c. */
int db_step_prune(struct db *db, int64_t now_ms, struct err *err) MUST_CHECK;

/* A transaction is of so many series at most, and ends soon: others wait for the writer.
 */
#define SLICE 512
#define SLICE_MS 10
#define SLICE_ROWS "500"

static inline int64_t slice_end(void)
{
	return clock_mono_ms() + SLICE_MS;
}

/* Whether entry i of n is of the slice that begins with `from`; at least one is. */
static inline bool slice_goes_on(size_t from, size_t i, size_t n, int64_t end_mono_ms)
{
	return i < n && i < from + SLICE && (i == from || clock_mono_ms() < end_mono_ms);
}

#endif
