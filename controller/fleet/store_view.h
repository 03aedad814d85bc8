/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_view.h - a copy of the store's contents, for other threads.
 *
 * One thread keeps mirrors of /foretide/ and /skydns/ and calls back when they change.
 * Readers get copies. When the store is unreachable, the view keeps its last copy and
 * reports its age.
 */
#ifndef CONTROLLER_FLEET_STORE_VIEW_H
#define CONTROLLER_FLEET_STORE_VIEW_H

#include "listening.h"
#include "store.h"

struct view;

/* Runs in the view's thread; must not block. */
typedef void view_changed_fn(void *arg);

/* listening: told of its work; may be NULL. */
int view_start(const struct store_opts *opts, struct listening *listening,
	       view_changed_fn *fn, void *arg, struct view **ret,
	       struct err *err) MUST_CHECK;
void view_stop(struct view *v);
DEFINE_CLEANUP(struct view *, view_stop);

struct view_kv {
	char *key;   /* whole */
	char *value; /* NUL-terminated */
	size_t len;
};

struct view_snapshot {
	bool has_copy; /* the store was read at least once */
	bool is_synced;
	int64_t stale_ms; /* real; 0 when synced */
	int64_t rev;
	struct view_kv *kvs; /* sorted by key */
	size_t n;
};
void view_snapshot_done(struct view_snapshot *s);
DEFINE_CLEANUP_OBJECT(struct view_snapshot, view_snapshot_done);

/* Copies the keys below prefix, which is in /foretide/ or /skydns/. */
void view_snapshot(struct view *v, const char *prefix, struct view_snapshot *ret);
/* NULL when there is no such key in the snapshot. */
const struct view_kv *view_find(const struct view_snapshot *s, const char *key);

/* Whether the copy has the key, and whether it is up to date. */
bool view_has(struct view *v, const char *key, bool *ret_synced);

/* Waits until the copy holds revision rev; ERR_TIMEOUT after timeout_ms real ms. */
int view_wait(struct view *v, int64_t rev, int64_t timeout_ms,
	      struct err *err) MUST_CHECK;

/* For status: reachable, the endpoint in use, the problem ("": none). */
struct view_status {
	bool ok;
	char endpoint[256];
	char problem[ERR_MSG_MAX];
};
void view_status(struct view *v, struct view_status *ret);

#endif
