/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookup.h - one look-up of a name, in a thread that nobody waits for. For resolver.c.
 */
#ifndef COMMON_NET_LOOKUP_H
#define COMMON_NET_LOOKUP_H

#include "err.h"

#include <stdbool.h>

/* Where look-ups that are over are collected; lives until the last thread has ended. */
struct lookup_box;

struct lookup {
	struct lookup *next;
	struct lookup_box *box;
	void *arg;       /* the resolver's */
	char *addresses; /* "10.0.0.1,[fd00::1]"; NULL: see err */
	bool no_such_name;
	struct err err;
	char name[];
};

int lookup_box_new(struct lookup_box **ret, struct err *err) MUST_CHECK;
/* The caller leaves: what is found later is dropped. */
void lookup_box_leave(struct lookup_box *b);
int lookup_box_fd(const struct lookup_box *b); /* readable when one is over */

/* False when there can be no thread now. */
bool lookup_start(struct lookup_box *b, const char *name, void *arg);
/* The caller's from then on; NULL: none is over. */
struct lookup *lookup_take(struct lookup_box *b);
void lookup_free(struct lookup *q);

#endif
