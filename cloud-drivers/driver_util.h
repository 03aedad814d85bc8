/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver_util.h - what every driver's source needs besides the ABI.
 */
#ifndef CLOUD_DRIVERS_DRIVER_UTIL_H
#define CLOUD_DRIVERS_DRIVER_UTIL_H

#include "driver.h"
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Fills *err and returns cls. */
__attribute__((format(printf, 3, 4))) static inline int drv_fail(struct drv_err *err,
								 enum drv_class cls,
								 const char *fmt, ...)
{
	va_list ap;

	memset(err, 0, sizeof(*err));
	err->cls = cls;
	err->retry_after_ms = -1;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return cls;
}

/* The class of an error of common/ that happened on this machine. */
static inline enum drv_class drv_class_of(int err_code)
{
	switch (err_code) {
	case ERR_INVAL:
		return DRV_BADREQ;
	case ERR_NOT_FOUND:
		return DRV_NOTFOUND;
	case ERR_CONFLICT:
		return DRV_CONFLICT;
	case ERR_DENIED:
		return DRV_AUTH;
	case ERR_LIMIT:
		return DRV_QUOTA;
	case ERR_TIMEOUT:
	case ERR_UNAVAIL:
	case ERR_STORE:
		return DRV_TRANSIENT;
	default:
		return DRV_BUG;
	}
}

static inline int drv_fail_err(struct drv_err *err, int code, const struct err *e)
{
	return drv_fail(err, drv_class_of(code), "%s", e->msg);
}

/* Names, owners, pools, labels, launch ids: [a-z0-9-], 1 to 60 bytes. */
static inline bool drv_is_word(const char *s)
{
	size_t n = s ? strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

	return n > 0 && n <= 60 && s[n] == '\0';
}

/* A launch whose words are words, and whose user data has at most max bytes; BADREQ. */
static inline int drv_check_launch(const struct drv_launch *l, size_t max,
				   struct drv_err *err)
{
	const char *const words[][2] = {
		{ "launch id", l->launch_id },
		{ "owner", l->owner },
		{ "pool", l->pool },
		{ "name", l->name },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!drv_is_word(words[i][1]))
			return drv_fail(err, DRV_BADREQ,
					"the %s must be 1 to 60 of a-z, 0-9 and '-'",
					words[i][0]);
	if (l->user_data_len > max)
		return drv_fail(err, DRV_BADREQ,
				"the user data has %zu bytes, more than %zu",
				l->user_data_len, max);
	for (size_t i = 0; i < l->n_labels; i++)
		if (!drv_is_word(l->labels[i].key) ||
		    (*l->labels[i].value && !drv_is_word(l->labels[i].value)))
			return drv_fail(err, DRV_BADREQ,
					"label %zu is not made of a-z, 0-9 and '-'",
					i + 1);
	return 0;
}

#endif
