/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines.h - the lines that come through a descriptor, each of bounded length.
 */
#ifndef WIRE_LINES_H
#define WIRE_LINES_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>

struct lines {
	int fd; /* the caller's */
	size_t max;
	char *data;
	size_t cap, begin, searched, end; /* searched: no line ends before */
};

void lines_init(struct lines *l, int fd, size_t max_bytes);
void lines_done(struct lines *l); /* what it held is overwritten */
DEFINE_CLEANUP_OBJECT(struct lines, lines_done);

enum lines_state {
	LINES_MORE,  /* something came */
	LINES_NONE,  /* nothing is there now; only of a descriptor that does not block */
	LINES_ENDED, /* the other side has closed it, or it failed */
	LINES_FULL,  /* the line is longer than the maximum */
};
/* Reads once. */
enum lines_state lines_read(struct lines *l);

/*
 * The next whole line without its end, NUL-terminated, valid until lines_read(); NULL:
 * none has come yet.
 */
char *lines_next(struct lines *l, size_t *ret_len);

#endif
