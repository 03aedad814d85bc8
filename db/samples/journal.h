/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * journal.h - samples that came in since they were last packed, a row per batch.
 */
#ifndef DB_SAMPLES_JOURNAL_H
#define DB_SAMPLES_JOURNAL_H

#include "buf.h"
#include "registry.h"

/* Appends one sample of a batch to its row; dt_ms: since the one before in it. */
void db_journal_sample(struct buf *out, int64_t series, int64_t dt_ms, double v);
/* Puts what the journal holds and chunks do not into the heads; when opening. */
int db_journal_load(struct db *db, struct err *err) MUST_CHECK;

#endif
