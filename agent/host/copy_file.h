/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * copy_file.h - a copy of keys of the store, on disk: what a host knows after a restart
 * while its store is away.
 *
 * One file of mode 0600 a prefix, replaced as a whole. A line a key, with its own
 * digest: a line that is damaged costs that key alone.
 */
#ifndef AGENT_HOST_COPY_FILE_H
#define AGENT_HOST_COPY_FILE_H

#include "buf.h"
#include "store.h"

#include <stddef.h>
#include <stdint.h>

#define COPY_FILE_MAX ((size_t)48 << 20) /* all records that DNS has, 190 bytes each */

/* DIR/copies/NAME for the prefix; the caller frees. Makes the folder. */
char *copy_file_path(const char *dir, const char *prefix);

/* The file's text: begun, then a key after the other, into a buffer whose limit tells
 * when there are too many (buf_is_full()). */
void copy_file_begin(struct buf *b, const char *prefix);
void copy_file_add(struct buf *b, const struct store_kv *kv);

typedef void copy_file_fn(void *arg, const struct store_kv *kv);
/*
 * Every key of the file that is whole; *ret_damaged is set to how many lines were not.
 * ERR_NOT_FOUND: there is no such file.
 */
int copy_file_read(const char *path, const char *prefix, copy_file_fn *fn, void *arg,
		   size_t *ret_damaged, struct err *err) MUST_CHECK;

/* Removes the files of all prefixes for which is_used is false. */
void copy_file_tidy(const char *dir, bool (*is_used)(void *arg, const char *path),
		    void *arg);

#endif
