/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mirror.h - a copy in memory of all keys with one prefix, kept up to date by a watch.
 *
 * It reads the prefix at one revision, then watches from the next. When its history was
 * compacted away it reads again and reports only what differs. On any failure it keeps
 * its copy and retries, so it is never empty because a read failed.
 */
#ifndef COMMON_STORE_MIRROR_H
#define COMMON_STORE_MIRROR_H

#include "client.h"

struct mirror;

struct mirror_change {
	bool deleted;
	bool unread;               /* deleted, as a read lacked it: no event told of it */
	const struct store_kv *kv; /* new; for a deletion the last value */
	const struct store_kv *old; /* before; NULL when the key is new */
};

/*
 * A batch of changes, already in the copy, in the order of their revisions (of the keys
 * after a read). Called once with n == 0 if the first read finds nothing, so the first
 * call always means that there is a copy. May call everything except mirror_free().
 */
typedef void mirror_fn(void *arg, const struct mirror_change *changes, size_t n);

struct mirror *mirror_new(struct store *s, const char *prefix, mirror_fn *fn, void *arg);
/* Of one key, not of those that it is a prefix of. */
struct mirror *mirror_new_key(struct store *s, const char *key, mirror_fn *fn, void *arg);
void mirror_free(struct mirror *m);
DEFINE_CLEANUP(struct mirror *, mirror_free);

/*
 * For a copy that knows better than the store: asked for each event, of a watch or found
 * by reading again, before it is applied, with the mirror's arg.
 */
enum mirror_verdict {
	MIRROR_TAKE,
	MIRROR_DELETE, /* a value that stands for the key's deletion */
	MIRROR_KEEP,   /* of a deletion: the key stays until mirror_remove() */
};
typedef enum mirror_verdict mirror_judge_fn(void *arg,
					    const struct mirror_change *change);
void mirror_set_judge(struct mirror *m, mirror_judge_fn *fn);
/*
 * Before a read that is complete takes the copy's place and is judged, with the mirror's
 * arg: the copy is as it was, and mirror_was_read() tells what was found. went_back: the
 * store is older than the copy.
 */
typedef void mirror_read_fn(void *arg, bool went_back);
void mirror_on_read(struct mirror *m, mirror_read_fn *fn);
bool mirror_was_read(const struct mirror *m, const char *key);

/*
 * The store has refused the keys for a while (ERR_DENIED); with NULL: it does not any
 * more. The mirror goes on asking. With the mirror's arg.
 */
typedef void mirror_refused_fn(void *arg, const struct err *err);
void mirror_on_refused(struct mirror *m, mirror_refused_fn *fn);

/* A key as it was saved, before the first read: from then on there is a copy. */
void mirror_seed(struct mirror *m, const struct store_kv *kv);
/* Puts a key into the copy alone, or takes it out of it; reported as a change. Nothing
 * when it is there, or not there. */
void mirror_restore(struct mirror *m, const struct store_kv *kv);
void mirror_remove(struct mirror *m, const char *key);

/* There is a copy: it was read at least once, or seeded. */
bool mirror_has_copy(const struct mirror *m);
/* There is a copy and the watch is connected. */
bool mirror_is_synced(const struct mirror *m);
/* Since when (real monotonic ms) it is not synced; 0 when it is. */
int64_t mirror_stale_since_ms(const struct mirror *m);
int64_t mirror_rev(
	const struct mirror *m); /* of the store, at the last update; 0: none */

/* NULL when there is no such key. Valid until the loop runs again. */
const struct store_kv *mirror_get(const struct mirror *m, const char *key);
size_t mirror_count(const struct mirror *m);

/* Visits the keys that begin with prefix (NULL: all), in order, until fn
 * returns false. */
typedef bool mirror_each_fn(void *arg, const struct store_kv *kv);
void mirror_each(const struct mirror *m, const char *prefix, mirror_each_fn *fn,
		 void *arg);

#endif
