/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files.h - the few file operations that hosts are made and removed with.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_FILES_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_FILES_H

#include "err.h"

#include <stddef.h>
#include <sys/types.h>

/* A folder and all in it, without leaving its file system; missing is fine. */
int remove_tree(int dirfd, const char *name, struct err *err) MUST_CHECK;
int make_dirs(const char *path, mode_t mode, struct err *err) MUST_CHECK;
int write_file_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		  struct err *err) MUST_CHECK;

/* A small file as text, cut at size - 1 bytes. ERR_NOT_FOUND when there is none. */
int read_text_at(int dirfd, const char *name, char *text, size_t size,
		 struct err *err) MUST_CHECK;

#endif
