/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file.h - files that are complete or absent, and files that others made for us.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Replaces path by len bytes with this mode: a temporary file beside it is written,
 * synced and renamed, and the folder is synced. On failure the old file stays.
 */
int file_write(const char *path, const void *data, size_t len, unsigned mode,
	       struct err *err) MUST_CHECK;

/*
 * The same for a file that has one writer: the temporary one is always PATH.new, so that
 * a writer that is killed leaves no more than one. Without synced the file survives its
 * writer, but perhaps not a power cut; what can be read again elsewhere need not wait
 * for the disk.
 */
int file_replace(const char *path, const void *data, size_t len, unsigned mode,
		 bool synced, struct err *err) MUST_CHECK;

/*
 * Whether this process may read it. ERR_NOT_FOUND; ERR_DENIED: the message names the user
 * and what has to be done.
 */
int file_check_readable(const char *path, struct err *err) MUST_CHECK;

#endif
