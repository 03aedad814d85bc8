/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * add.h - db_samples_add() for callers that hold the writer.
 */
#ifndef DB_SAMPLES_ADD_H
#define DB_SAMPLES_ADD_H

#include "samples.h"

/* db_samples_add(); any_unrolled: also samples past their retention whose day is not
 * rolled up. */
int db_samples_store_locked(struct db *db, const struct db_sample_in *in, size_t n,
			    int64_t now_ms, bool any_unrolled,
			    struct db_samples_result *ret, struct err *err) MUST_CHECK;

#endif
