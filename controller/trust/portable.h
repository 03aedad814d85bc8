/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * portable.h - the agent with all that it runs with, for hosts whose image has another
 * libc, or not the libraries.
 *
 * A tar of the agent, the loader and the libraries of this machine, so that they are as
 * new as its own. It is made when it is first asked for, in a process that takes some
 * hundredths of a second, and kept in a file without a name. The same files give the same
 * bytes, so that a launch that is sent again is the same.
 */
#ifndef CONTROLLER_TRUST_PORTABLE_H
#define CONTROLLER_TRUST_PORTABLE_H

#include "cleanup.h"
#include "err.h"
#include "token.h"

#include <stdbool.h>

struct portable;

struct portable_file {
	int fd; /* of the portable agent's */
	size_t size;
	char sum[TOKEN_HASH_TEXT]; /* SHA-256 in hex */
};

/* agent_fd: the agent, open for reading; it is duplicated. -1: there is none. */
struct portable *portable_new(int agent_fd);
/* Ends the process if it runs. Nobody may wait. */
void portable_free(struct portable *p);
DEFINE_CLEANUP(struct portable *, portable_free);

/*
 * The file; it stays open until portable_free(). Any thread may call this.
 *   wait  until it is made, 30 s at most; else ERR_UNAVAIL while it is being made
 * ERR_UNAVAIL: it cannot be made, as for an agent that needs no libraries; that is
 * logged, and tried again after a minute.
 */
int portable_get(struct portable *p, bool wait, struct portable_file *ret,
		 struct err *err) MUST_CHECK;

#endif
