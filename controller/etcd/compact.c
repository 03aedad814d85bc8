/* SPDX-License-Identifier: GPL-3.0-or-later */
/* History that goes, from memory and database. */
#include "check.h"
#include "db.h"
#include "persist.h"

static int store_compaction(struct kv *kv, size_t n, int64_t rev, struct err *err)
{
	CLEANUP(free) struct db_kv_change *rows = xcalloc(n + 1, sizeof(*rows));
	size_t have = 0;

	for (size_t i = 0; i < kv->space.n_log; i++)
		if (kv->space.log[i]->dropped)
			rows[have++] =
				(struct db_kv_change){ .rev = kv->space.log[i]->rev,
						       .sub = kv->space.log[i]->sub };
	CHECK(have == n);
	return db_kv_compact(kv->db, rows, n, rev, kv->space.rev, err);
}

const struct kv_fault *kv_drop_marked(struct kv *kv, size_t n, int64_t compacted)
{
	struct err err;
	int rc = store_compaction(kv, n, compacted, &err);

	log_streak(&kv->compaction_fails, "store-compaction-failed",
		   rc < 0 ? &err : NULL);
	if (rc < 0) {
		keyspace_unmark(&kv->space);
		return &kv_db_failed;
	}
	keyspace_sweep(&kv->space);
	return NULL;
}

const struct kv_fault *kv_compact(struct kv *kv, int64_t rev)
{
	const struct kv_fault *f;

	if (rev <= kv->space.compacted)
		return &kv_compacted;
	if (rev > kv->space.rev)
		return &kv_future_rev;
	f = kv_drop_marked(kv, keyspace_mark(&kv->space, rev), rev);
	if (!f)
		kv->space.compacted = rev;
	return f;
}

void kv_compact_if_much(struct kv *kv)
{
	size_t history = kv->space.n_log - MIN(kv->space.n_log, kv->space.n_keys);

	if (history < 2 * kv->opts.keep_changes)
		return;
	/* A failure is logged; the next change retries. */
	if (kv_compact(kv, kv->space.log[kv->space.n_log - kv->opts.keep_changes]->rev))
		return;
}
