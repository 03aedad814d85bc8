/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command.h - a command of the machines' file, waited for.
 */
#ifndef STATIC_COMMAND_H
#define STATIC_COMMAND_H

#include "err.h"

#include <stdint.h>

/*
 * Runs text by /bin/sh -c with the environment env (NULL-ended, "NAME=value") alone, and
 * without input. 0 when it ended with status 0. ERR_UNAVAIL: it did not, or took longer
 * than wait_ms and was killed with what it started; the message has the end of its
 * output, one line.
 */
int command_run(const char *text, char *const *env, int64_t wait_ms,
		struct err *err) MUST_CHECK;

#endif
