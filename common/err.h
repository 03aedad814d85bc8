/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * err.h - one closed list of error codes, and the words that go with them.
 *
 * A function that can fail returns 0 or a negative ERR_*; the words go into a struct err
 * on the caller's stack. A NULL struct err drops the words and is always allowed.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stdbool.h>

enum err_code {
	ERR_INVAL = -1,     /* the input is wrong; its author must change it */
	ERR_NOT_FOUND = -2, /* what is named does not exist */
	ERR_CONFLICT = -3,  /* it exists already, or changed meanwhile */
	ERR_DENIED = -4,    /* not allowed to this caller */
	ERR_LIMIT = -5,     /* a stated maximum was passed */
	ERR_TIMEOUT = -6,   /* a deadline passed */
	ERR_UNAVAIL = -7,   /* a peer cannot be reached or cannot serve now */
	ERR_PROTO = -8,     /* a peer said something we do not understand */
	ERR_STORE = -9,     /* the database or the disk under it failed */
	ERR_ABI = -10,      /* a driver of another ABI */
	ERR_INTERNAL = -11, /* a call to the system failed that should not */
};

#define ERR_MSG_MAX 512

struct err {
	int code;
	char msg[ERR_MSG_MAX]; /* for people, in one line; no secrets */
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* Sets code and words; returns code. Words longer than ERR_MSG_MAX are cut, between
 * characters; bytes that are no UTF-8 become '?'. */
int err_set(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As err_set() with ": " and the text of errno added. */
int err_errno(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " before the words that are there; returns the code. */
int err_wrap(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

const char *err_name(int code);        /* "INVAL"; "OK" for 0 */
int err_http_status(int code);         /* 400, 404, ... */
bool err_is_transient(int code);       /* trying again later may help */
int err_from_http_status(long status); /* the other way; 0 for 2xx */

#endif
