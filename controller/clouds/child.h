/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * child.h - one run of a driver's process.
 */
#ifndef CLOUDS_CHILD_H
#define CLOUDS_CHILD_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid; /* also its process group */
	int pidfd; /* readable when it has ended */
	int in;    /* a socket: what it reads */
	int out;   /* what it writes; does not block */
	int err;   /* its stderr; does not block */
};

/* All that a driver's process is told besides its calls. Nothing in it is secret. */
struct child_spec {
	char *program; /* foretide-driver */
	char *how;     /* "load" */
	char *what;    /* FILE.so; or "exec" and a command */
	uint64_t memory_bytes;
};

/*
 * Starts it with a clean environment, no descriptor but three, and signals as usual. It
 * ends with the calling thread.
 */
int child_start(const struct child_spec *spec, struct child *ret,
		struct err *err) MUST_CHECK;

/*
 * All of the line, or false: it has ended, or does not read until then. A part may have
 * been written: nothing else may follow.
 */
bool child_write(const struct child *c, const char *text, size_t len,
		 int64_t deadline_mono_ms);

/* Ends it and what it has started in its process group, whose number is its own until it
 * is reaped: before that. child_write() waits no longer. */
void child_kill(const struct child *c);

/* Waits until it has ended, closes all; says how it did: "ended with status 1". */
void child_reap(struct child *c, char *ret_how, size_t size);

#endif
