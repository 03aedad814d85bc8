/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pattern_syntax.h - what PCRE2 takes and RE2 lacks is found before it is compiled.
 *
 * Pure. What is malformed besides is left to the compiler.
 */
#ifndef DB_SAMPLES_PATTERN_SYNTAX_H
#define DB_SAMPLES_PATTERN_SYNTAX_H

#include "err.h"

/*
 * ERR_INVAL, with the column, for look-around, references, recursion, conditions, atomic
 * groups, possessive repeats, verbs, comments and escapes that RE2 has not; ERR_LIMIT for
 * a repeat of more than max_repeat times.
 */
int pattern_syntax_check(const char *text, long max_repeat, struct err *err) MUST_CHECK;

#endif
