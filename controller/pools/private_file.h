/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * private_file.h - files that hold secrets, or may.
 */
#ifndef CONTROLLER_POOLS_PRIVATE_FILE_H
#define CONTROLLER_POOLS_PRIVATE_FILE_H

#include "cleanup.h"
#include "err.h"

struct private_file {
	char *text;         /* NUL-terminated; NULL: not read */
	struct err exposed; /* code 0: it is private; otherwise why it is not */
};

/*
 * Reads a regular file of at most 256 KiB. It is private when it belongs to root or to
 * this user and nobody else has any right to it.
 *
 * ERR_NOT_FOUND; ERR_DENIED: it cannot be read, or is no regular file; ERR_LIMIT.
 */
int private_file_read(const char *path, struct private_file *ret,
		      struct err *err) MUST_CHECK;

/* Whether the file is there, can be opened and is private; errors as above. */
int private_file_check(const char *path, struct err *err) MUST_CHECK;

void private_file_done(struct private_file *f); /* wipes the text */
DEFINE_CLEANUP_OBJECT(struct private_file, private_file_done);

#endif
