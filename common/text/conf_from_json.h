/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_from_json.h - an option table filled from a JSON object instead of a file.
 *
 * For options that are sent as JSON, such as a pool's to its driver. Values are strings
 * as they would be written in a file, or numbers and booleans; numbers for a duration are
 * milliseconds.
 */
#ifndef COMMON_TEXT_CONF_FROM_JSON_H
#define COMMON_TEXT_CONF_FROM_JSON_H

#include "conf.h"

#include <jansson.h>

/*
 * Sets every member of object in target, in the table's section "". Members whose name
 * is in the NULL-ended list skip are skipped; skip may be NULL. ERR_INVAL names the
 * first member that is unknown or invalid.
 */
int conf_load_json(const struct conf_option *table, void *target, const json_t *object,
		   const char *const *skip, struct err *err) MUST_CHECK;

#endif
