/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * logger.h - the process that writes the output of all units.
 */
#ifndef AGENT_UNITS_LOGGER_H
#define AGENT_UNITS_LOGGER_H

#include <stddef.h>

/* Runs it, on its listening socket and that of the agent that started it. */
_Noreturn void unit_logger_run(int listen_fd, int client_fd, const char *dir,
			       size_t max_bytes);

#endif
