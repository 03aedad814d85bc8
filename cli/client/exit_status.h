/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exit_status.h - how a command ends: its exit status and what it says then.
 */
#ifndef CLI_CLIENT_EXIT_STATUS_H
#define CLI_CLIENT_EXIT_STATUS_H

#include <stdbool.h>

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,      /* the words are on stderr */
	EXIT_USAGE = 2,       /* the command line is wrong; main adds the usage line */
	EXIT_UNREACHABLE = 3, /* no controller answers, or it cannot now */
	EXIT_DENIED = 4,      /* no token, or one that may not do this */
	EXIT_NOT_FOUND = 5,
	EXIT_CONFLICT = 6, /* not as things stand, or changed meanwhile */
	EXIT_DIFFERS = 7,  /* a recorded decision was not repeated */
};

struct err;

/* Asks on a terminal, y or n; true without asking when yes is given or a program runs us,
 * which has meant it. */
bool cli_confirm(bool yes, const char *question);

/* Prints "foretide NAME: words" when rc is an error; returns its exit status. */
int cli_exit(const char *name, int rc, const struct err *err);

/* Prints "foretide NAME: words" on stderr; returns code. */
int cli_fail(int code, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
