/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chunk.h - runs of raw samples of one series, packed, a row each.
 */
#ifndef DB_SAMPLES_CHUNK_H
#define DB_SAMPLES_CHUNK_H

#include "buf.h"
#include "samples.h"
#include "sql.h"

#define CHUNK_FILL 60u /* a chunk below this is continued */
#define CHUNK_MAX 240u /* samples of a chunk */

void db_chunk_encode(const struct db_sample *v, size_t n, struct buf *out);
int db_chunk_decode(const void *data, size_t len, struct db_samples *ret,
		    struct err *err) MUST_CHECK;
/* Appends samples of a series later than all its chunks. In a write transaction. */
int db_chunk_append(struct db_conn *c, int64_t series, const struct db_sample *v,
		    size_t n, struct err *err) MUST_CHECK;
/* Merges late samples (ascending); *ret_added: how many had a new time. */
int db_chunk_merge(struct db_conn *c, int64_t series, const struct db_sample *v, size_t n,
		   size_t *ret_added, struct err *err) MUST_CHECK;
/* Deletes the samples later than that. */
int db_chunk_cut(struct db_conn *c, int64_t series, int64_t after_ms,
		 struct err *err) MUST_CHECK;
/* Appends the chunks' samples within [from, to] to ret. */
int db_chunk_read(struct db_conn *c, int64_t series, int64_t from_ms, int64_t to_ms,
		  struct db_samples *ret, struct err *err) MUST_CHECK;

#endif
