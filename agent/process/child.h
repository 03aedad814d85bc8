/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * child.h - a command, or a computation of our own, run without blocking the loop, with a
 * time limit, its output kept.
 */
#ifndef AGENT_PROCESS_CHILD_H
#define AGENT_PROCESS_CHILD_H

#include "buf.h"
#include "cleanup.h"
#include "err.h"
#include "net.h"

#include <stddef.h>
#include <stdint.h>

struct child;

/*
 * Called once from the loop; the object is freed after it. out is what it wrote to its
 * standard output, NUL-terminated. err is NULL when it exited with 0, else ERR_TIMEOUT,
 * ERR_LIMIT (too much output) or ERR_UNAVAIL with how it exited and its error output.
 */
typedef void child_fn(void *arg, const char *out, size_t len, const struct err *err);

/* argv[0] is an absolute path. A failed start is reported through fn as well. */
struct child *child_run(struct loop *l, char *const *argv, int64_t timeout_ms,
			size_t max_bytes, child_fn *fn, void *arg);
/* The same for a command line, by /bin/sh -c. */
struct child *child_shell(struct loop *l, const char *command, int64_t timeout_ms,
			  size_t max_bytes, child_fn *fn, void *arg);
/*
 * Computes in a copy of this process, which sees all memory as it is now. Whatever it
 * needs of time and memory is its own; it may not use the loop, logs or locks. work fills
 * out, or sets err, which is then what fn is told.
 */
typedef int child_work_fn(void *arg, struct buf *out, struct err *err);
struct child *child_compute(struct loop *l, child_work_fn *work, void *work_arg,
			    int64_t timeout_ms, size_t max_bytes, child_fn *fn,
			    void *arg);
/* Kills it with all that it started; fn is not called. NULL is allowed. */
void child_free(struct child *c);
DEFINE_CLEANUP(struct child *, child_free);

#endif
