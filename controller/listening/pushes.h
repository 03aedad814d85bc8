/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pushes.h - when each host was last heard by its pushes. Not locked.
 */
#ifndef CONTROLLER_LISTENING_PUSHES_H
#define CONTROLLER_LISTENING_PUSHES_H

#include <stddef.h>
#include <stdint.h>

struct push {
	char *host;
	int64_t at_ms;
};

/* Sorted by host. Those of a day ago are forgotten when it grows. */
struct pushes {
	struct push *v;
	size_t n, cap;
};

void pushes_note(struct pushes *p, const char *host, int64_t now_ms);
int64_t pushes_last(const struct pushes *p, const char *host); /* 0: never */
void pushes_done(struct pushes *p);

#endif
