/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stop_process.h - this process is stopped for a time, as by a machine that hangs.
 */
#ifndef CONTROLLER_DRILL_STOP_PROCESS_H
#define CONTROLLER_DRILL_STOP_PROCESS_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * drill_ops.stop: a child sends SIGSTOP now and SIGCONT after for_ms; a second child
 * sends SIGCONT a little later, should the first one be killed meanwhile. Returns when
 * this process goes on.
 */
int stop_process(void *unused, int64_t for_ms, bool (*should_end)(void *of), void *of,
		 struct err *err) MUST_CHECK;

#endif
