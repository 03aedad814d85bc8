/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files.h - files that are written off the loop, complete or absent.
 *
 * Writes and removals happen one after the other, in the order in which they were asked
 * for, by a thread of their own: a disk that is slow or hangs delays them and nothing
 * else. Of several writes of one path that have not begun only the last is made, so that
 * what waits is bounded by the number of paths. A process that is killed loses what has
 * not been written; what is on the disk is always a state that was asked for.
 */
#ifndef COMMON_NET_FILES_H
#define COMMON_NET_FILES_H

#include "loop.h"

#include <stddef.h>

struct files;

/* path was written, or err tells why not: the old file is there still. From the loop. */
typedef void files_done_fn(void *arg, const char *path, const struct err *err);

/* done is told of every change that has none of its own. */
int files_open(struct loop *l, files_done_fn *done, void *arg, struct files **ret,
	       struct err *err) MUST_CHECK;
/* After what is queued was written, or ten seconds; nothing is told. NULL is allowed. */
void files_close(struct files *f);
DEFINE_CLEANUP(struct files *, files_close);

enum files_sync {
	FILES_UNSYNCED, /* survives this process, perhaps not a power cut */
	FILES_SYNCED,   /* the file and its folder are synced */
};

/*
 * Replaces path by a copy of data, by a temporary file of this mode that is renamed. A
 * write that fails is told once, and made again every few seconds until it works or a
 * later change of the path takes its place.
 */
void files_write(struct files *f, const char *path, const void *data, size_t len,
		 unsigned mode, enum files_sync sync);
/* Once, and with a callback of its own, which is not called when a later write of the
 * path takes the place of this. */
void files_write_then(struct files *f, const char *path, const void *data, size_t len,
		      unsigned mode, enum files_sync sync, files_done_fn *done,
		      void *arg);
/* No callback with arg follows. */
void files_forget(struct files *f, const void *arg);

/* Takes back a write that has not begun, and removes the file. */
void files_remove(struct files *f, const char *path);
/* Syncs a file that is there, such as one that was written without. */
void files_sync(struct files *f, const char *path);

#endif
