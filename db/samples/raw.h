/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * raw.h - the raw samples of a series, from chunks and memory.
 */
#ifndef DB_SAMPLES_RAW_H
#define DB_SAMPLES_RAW_H

#include "samples.h"

/* Appends those in [from, to] to ret, oldest first. */
int db_samples_raw(struct db *db, int64_t series, int64_t from_ms, int64_t to_ms,
		   struct db_samples *ret, struct err *err) MUST_CHECK;

#endif
