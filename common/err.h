/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * err.h - one closed list of error codes, each with a message.
 *
 * A function that can fail returns 0 or a negative ERR_*; the message goes into a struct
 * err on the caller's stack. A NULL struct err drops the message and is always allowed.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stdbool.h>

enum err_code {
	ERR_INVAL = -1,     /* the input is invalid; retrying does not help */
	ERR_NOT_FOUND = -2, /* what is named does not exist */
	ERR_CONFLICT = -3,  /* it already exists, or was changed concurrently */
	ERR_DENIED = -4,    /* not allowed to this caller */
	ERR_LIMIT = -5,     /* a stated maximum was exceeded */
	ERR_TIMEOUT = -6,   /* a deadline passed */
	ERR_UNAVAIL = -7,   /* a peer cannot be reached or cannot serve now */
	ERR_PROTO = -8,     /* a peer violated the protocol */
	ERR_STORE = -9,     /* the database or the disk under it failed */
	ERR_ABI = -10,      /* a driver has a different ABI */
	ERR_INTERNAL = -11, /* a system call failed unexpectedly */
};

#define ERR_MSG_MAX 512

struct err {
	int code;
	char msg[ERR_MSG_MAX]; /* for people, in one line; no secrets */
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* Sets code and message; returns code. A message over ERR_MSG_MAX is cut between
 * characters; bytes that are not UTF-8 become '?'. */
int err_set(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As err_set() with ": " and the text of errno added. */
int err_errno(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message; returns the code. */
int err_wrap(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

const char *err_name(int code);        /* "INVAL"; "OK" for 0 */
int err_http_status(int code);         /* 400, 404, ... */
bool err_is_transient(int code);       /* retrying later may help */
int err_from_http_status(long status); /* the reverse; 0 for 2xx */

#endif
