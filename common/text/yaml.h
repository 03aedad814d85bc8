/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * yaml.h - one YAML document as JSON, for configuration files of other programs.
 *
 * All scalars are strings, as they are written. Not taken, in words: merge keys (<<),
 * keys that are no scalar or come twice, more than 32 levels or 20,000 values (aliases
 * count as often as they are used).
 */
#ifndef COMMON_TEXT_YAML_H
#define COMMON_TEXT_YAML_H

#include "err.h"

#include <jansson.h>
#include <stddef.h>

/*
 * what names the text in errors, which contain nothing of it. The caller owns *ret, an
 * object; of an empty text an empty one. ERR_INVAL with the line; ERR_LIMIT.
 */
int yaml_read(const char *text, size_t len, const char *what, json_t **ret,
	      struct err *err) MUST_CHECK;

#endif
