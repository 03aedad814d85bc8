/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ini.h - INI text: sections of "name = value" lines.
 */
#ifndef COMMON_TEXT_INI_H
#define COMMON_TEXT_INI_H

#include "err.h"

#include <stddef.h>

#define INI_MAX_BYTES (1 << 20) /* of a text */

/*
 * Called for each "name = value" in order; line counts from 1. A non-zero return stops
 * the reading and becomes its result. Values have no surrounding blanks.
 */
typedef int conf_each_fn(void *arg, const char *section, const char *name,
			 const char *value, int line, struct err *err);

/*
 * Reads INI text: [section] lines, name = value, comments with # or ; at the start of a
 * line (or " ;" after a value), a value continues in indented lines. what names the text
 * in errors ("stack.conf"). ERR_INVAL for any other line.
 */
int conf_each(const char *text, const char *what, conf_each_fn *fn, void *arg,
	      struct err *err) MUST_CHECK;

/* The same for the section lines alone, so that empty sections are reported too. */
typedef int conf_section_fn(void *arg, const char *section, int line, struct err *err);
int conf_each_section(const char *text, const char *what, conf_section_fn *fn, void *arg,
		      struct err *err) MUST_CHECK;

/* A file of at most max_bytes, NUL-terminated; the caller frees *ret. */
int conf_read_file(const char *path, size_t max_bytes, char **ret, size_t *ret_len,
		   struct err *err) MUST_CHECK;

#endif
