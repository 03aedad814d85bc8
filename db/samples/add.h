/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * add.h - db_samples_add() for callers that hold the writer.
 */
#ifndef DB_SAMPLES_ADD_H
#define DB_SAMPLES_ADD_H

#include "samples.h"

enum db_samples_kept {
	DB_KEEP_ALL,
	DB_KEEP_IN_ORDER, /* db_samples_add_in_order() */
	DB_KEEP_UNROLLED, /* past their retention too, if their day is not rolled up */
};

/* db_samples_add(). */
int db_samples_store_locked(struct db *db, const struct db_sample_in *in, size_t n,
			    int64_t now_ms, enum db_samples_kept kept,
			    struct db_samples_result *ret, struct err *err) MUST_CHECK;

#endif
