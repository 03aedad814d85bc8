/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell.h - an operator's command, run by /bin/sh -c without blocking the loop, with a
 * time limit.
 */
#ifndef AGENT_PROCESS_SHELL_H
#define AGENT_PROCESS_SHELL_H

#include "cleanup.h"
#include "err.h"
#include "net.h"

#include <stdint.h>

struct shell;

/*
 * Called once from the loop when the command has exited; the object is freed after it.
 * err is NULL when it exited with 0; else its message has how it exited and the start
 * of its output.
 */
typedef void shell_fn(void *arg, const struct err *err);

/*
 * Starts command in a session of its own, input from /dev/null, output and errors kept up
 * to 2 KiB. After timeout_ms the whole session is killed. ERR_INTERNAL when it cannot be
 * started; fn is not called then.
 */
int shell_run(struct loop *l, const char *command, int64_t timeout_ms, shell_fn *fn,
	      void *arg, struct shell **ret, struct err *err) MUST_CHECK;
/* Kills it; fn is not called. NULL is allowed. */
void shell_free(struct shell *s);
DEFINE_CLEANUP(struct shell *, shell_free);

#endif
