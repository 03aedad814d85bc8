/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exit_status.h - how a command ends: its exit status, and its message.
 */
#ifndef CLI_CLIENT_EXIT_STATUS_H
#define CLI_CLIENT_EXIT_STATUS_H

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,      /* the message is on stderr */
	EXIT_USAGE = 2,       /* the command line is wrong; main adds the usage line */
	EXIT_UNREACHABLE = 3, /* the controller does not answer, or is busy */
	EXIT_DENIED = 4,      /* no token, or one without the right */
	EXIT_NOT_FOUND = 5,
	EXIT_CONFLICT = 6, /* with the current state, on hold, or not confirmed */
	EXIT_DIFFERS = 7,  /* a recorded decision was not repeated */
};

struct err;

/* Prints "foretide NAME: message" when rc is an error; returns its exit status. */
int cli_exit(const char *name, int rc, const struct err *err);

/* Prints "foretide NAME: message" on stderr; returns code. */
int cli_fail(int code, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
