/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "err.h"

#include "check.h"
#include "utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int code;
	const char *name;
	int http_status;
	bool transient;
} table[] = {
	{ ERR_INVAL, "INVAL", 400, false },
	{ ERR_NOT_FOUND, "NOT_FOUND", 404, false },
	{ ERR_CONFLICT, "CONFLICT", 409, false },
	{ ERR_DENIED, "DENIED", 403, false },
	{ ERR_LIMIT, "LIMIT", 413, false },
	{ ERR_TIMEOUT, "TIMEOUT", 504, true },
	{ ERR_UNAVAIL, "UNAVAIL", 503, true },
	{ ERR_PROTO, "PROTO", 502, false },
	{ ERR_STORE, "STORE", 500, true },
	{ ERR_ABI, "ABI", 500, false },
	{ ERR_INTERNAL, "INTERNAL", 500, false },
};

/* Truncates. */
static void append(struct err *err, const char *text)
{
	size_t used = strlen(err->msg);
	size_t n = strnlen(text, sizeof(err->msg) - 1 - used);

	memcpy(err->msg + used, text, n);
	err->msg[used + n] = '\0';
}

static __attribute__((format(printf, 3, 0))) void set_words(struct err *err, int code,
							    const char *fmt, va_list ap,
							    const char *tail)
{
	if (!err)
		return;
	err->code = code;
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	if (tail) {
		append(err, ": ");
		append(err, tail);
	}
	utf8_mend(err->msg);
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_words(err, code, fmt, ap, NULL);
	va_end(ap);
	return code;
}

int err_errno(struct err *err, int code, const char *fmt, ...)
{
	char text[128];
	const char *why = strerror_r(errno, text, sizeof(text));
	va_list ap;

	va_start(ap, fmt);
	set_words(err, code, fmt, ap, why);
	va_end(ap);
	return code;
}

int err_wrap(struct err *err, int code, const char *fmt, ...)
{
	char inner[ERR_MSG_MAX];
	va_list ap;

	if (!err)
		return code;
	snprintf(inner, sizeof(inner), "%s", err->msg);
	va_start(ap, fmt);
	set_words(err, code, fmt, ap, inner);
	va_end(ap);
	return code;
}

const char *err_name(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].code == code)
			return table[i].name;
	return code == 0 ? "OK" : "UNKNOWN";
}

int err_http_status(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].code == code)
			return table[i].http_status;
	return code == 0 ? 200 : 500;
}

bool err_is_transient(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].code == code)
			return table[i].transient;
	return false;
}

int err_from_http_status(long status)
{
	if (status >= 200 && status < 300)
		return 0;
	if (status == 401)
		return ERR_DENIED;
	if (status == 412)
		return ERR_CONFLICT;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].http_status == status)
			return table[i].code;
	if (status == 429 || status >= 500)
		return ERR_UNAVAIL;
	return status >= 400 ? ERR_INVAL : ERR_PROTO;
}
