/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * glob.h - shell patterns over names, as Go's path.Match.
 *
 * * and ? do not match "/", [a-z] and [^a-z] are sets, a backslash takes the next
 * character literally. Characters are those of UTF-8.
 */
#ifndef COMMON_TEXT_GLOB_H
#define COMMON_TEXT_GLOB_H

#include "err.h"

#include <stdbool.h>

/* Whether the pattern matches all of name; ERR_INVAL for a malformed pattern. */
int glob_match(const char *pattern, const char *name, bool *ret,
	       struct err *err) MUST_CHECK;

#endif
