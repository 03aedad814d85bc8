/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file.h - files that are complete or absent.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include "err.h"

#include <stddef.h>

/*
 * Replaces path by len bytes with this mode: a temporary file beside it is written,
 * synced and renamed, and the folder is synced. On failure the old file stays.
 */
int file_write(const char *path, const void *data, size_t len, unsigned mode,
	       struct err *err) MUST_CHECK;

#endif
