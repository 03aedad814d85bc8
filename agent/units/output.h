/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.h - the output of units, kept in DIR/UNIT.log with time stamps.
 *
 * One small process writes all of them, so that units can keep writing when the agent
 * is killed; a restarted agent finds it by its socket DIR/.logger. The agent holds
 * a copy of each unit's pipe: if that process is killed, another takes over and no unit
 * gets a broken pipe.
 */
#ifndef AGENT_UNITS_OUTPUT_H
#define AGENT_UNITS_OUTPUT_H

#include "buf.h"
#include "err.h"
#include "net.h"

#include <sys/types.h>

struct unit_log;

/*
 * max_bytes bounds each file; a full one is renamed to UNIT.log.1, replacing the one
 * before. Finds or starts the writing process, so call it early, while the caller is
 * small.
 */
int unit_log_open(struct loop *loop, const char *dir, size_t max_bytes,
		  struct unit_log **ret, struct err *err) MUST_CHECK;
/* The writing process stays until the last unit has closed its output. */
void unit_log_close(struct unit_log *l);
DEFINE_CLEANUP(struct unit_log *, unit_log_close);

/* A pipe's end for the unit to write to; the caller closes it. */
int unit_log_pipe(struct unit_log *l, const char *unit, int *ret,
		  struct err *err) MUST_CHECK;
/* For a unit that is running already and writes to such a pipe. */
void unit_log_adopt(struct unit_log *l, const char *unit, pid_t pid);
/* The unit has stopped. What is in its pipe is still written. */
void unit_log_forget(struct unit_log *l, const char *unit);

/* Adds the last lines of a unit's log; an absent log adds nothing. */
int unit_log_tail(const char *dir, const char *unit, size_t lines, struct buf *to,
		  struct err *err) MUST_CHECK;

#endif
