/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parse.h - unit text read into options.
 *
 * Sections, "Name=Value" lines, comments with # or ; at the start of a line, values
 * continued after a backslash at the end of a line, repeated names in their order.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_UNITFILE_PARSE_H
#define FLEET_ADAPTER_UNITFILE_PARSE_H

#include "options.h"

/*
 * Parses unit text.
 *
 *   text, len  the file; need not end in a NUL
 *   what       its name in errors, such as "what:LINE: message"
 *   ret        the caller owns it: unit_file_free()
 *
 * ERR_INVAL for a line that is not a section, option or comment, an option before the
 * first section, invalid UTF-8 or control characters; ERR_LIMIT for a line or
 * file that is too long or has too many options. Cost O(len).
 */
int unit_file_parse(const char *text, size_t len, const char *what,
		    struct unit_file **ret, struct err *err) MUST_CHECK;
/*
 * Appends an option, for units that come as lists of options. ERR_INVAL when its parts
 * could not be written to a file.
 */
int unit_file_add(struct unit_file *u, const char *section, const char *name,
		  const char *value, struct err *err) MUST_CHECK;

#endif
