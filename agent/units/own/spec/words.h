/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words.h - the words of a command line or list in a unit file: quoting and variables.
 *
 * After systemd.syntax(7) and systemd.service(5), "COMMAND LINES". Pure.
 */
#ifndef AGENT_UNITS_OWN_SPEC_WORDS_H
#define AGENT_UNITS_OWN_SPEC_WORDS_H

#include "err.h"

/*
 * Takes the next word off *p: blanks separate, single and double quotes group, and a
 * backslash escapes as in C (\n \t \s \\ \" \xHH \OOO ...). *ret is NULL at the end;
 * the caller owns it. ERR_INVAL for an open quote or an unknown escape.
 */
int unit_word_next(const char **p, char **ret, struct err *err) MUST_CHECK;
/* All words of a text. */
int unit_words_split(const char *text, char ***ret, struct err *err) MUST_CHECK;

/*
 * Puts variables into a command's words: ${NAME} anywhere in a word, $NAME as a whole
 * word (split at blanks into several words or none), $$ for one $. Unset is empty.
 * env is NAME=VALUE, NULL-ended. The caller owns the list: strv_free().
 */
char **unit_words_substitute(char *const *words, char *const *env);

/* The byte, not 0, that n digits at p stand for. ERR_INVAL when they do not. */
int unit_digits(const char *p, int base, int n, char *ret) MUST_CHECK;

#endif
