/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_value.h - values as configuration has them, for readers of sections of their own.
 */
#ifndef COMMON_TEXT_CONF_VALUE_H
#define COMMON_TEXT_CONF_VALUE_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>

/* "12", "0.5", "3%" as 0.03; finite. */
int conf_parse_number(const char *text, double *ret, struct err *err) MUST_CHECK;
int conf_parse_int(const char *text, int64_t *ret, struct err *err) MUST_CHECK;
/* "128M", "1G", "1.5G", "65536": bytes. */
int conf_parse_size(const char *text, int64_t *ret, struct err *err) MUST_CHECK;
int conf_parse_bool(const char *text, bool *ret, struct err *err) MUST_CHECK;

#endif
