/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * values.h - words of unit files: quoting, specifiers, variables, time spans.
 *
 * Pure: no I/O, no clock. After systemd's manual pages systemd.syntax(7),
 * systemd.service(5) "COMMAND LINES", systemd.unit(5) "SPECIFIERS", systemd.time(7).
 */
#ifndef AGENT_UNITS_OWN_VALUES_H
#define AGENT_UNITS_OWN_VALUES_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Takes the next word off *p: blanks separate, single and double quotes group, and a
 * backslash escapes as in C (\n \t \s \\ \" \xHH \OOO ...). *ret is NULL at the end;
 * the caller owns it. ERR_INVAL for an open quote or an unknown escape.
 */
int unit_word_next(const char **p, char **ret, struct err *err) MUST_CHECK;
/* The text as it stands: as above, but backslashes and $ stay (for Exec lines). */
int unit_words_split(const char *text, char ***ret, struct err *err) MUST_CHECK;

struct unit_specifiers {
	const char *unit;       /* web@3.service */
	const char *host;       /* host name */
	const char *machine_id; /* 32 hex digits */
	const char *boot_id;
	const char *user; /* name the unit runs as */
	const char *home;
};

/* %n %N %p %i %I %j %H %l %m %b %u %h %t %S %C %L %E %T %V %%; the caller owns *ret. */
int unit_specifiers_expand(const char *text, const struct unit_specifiers *s, char **ret,
			   struct err *err) MUST_CHECK;

/*
 * Puts variables into a command's words: ${NAME} anywhere in a word, $NAME as a whole
 * word (split at blanks into several words or none), $$ for one $. Unset is empty.
 * env is NAME=VALUE, NULL-ended. The caller owns the list: strv_free().
 */
char **unit_words_substitute(char *const *words, char *const *env);

/* "5min 20s", "100ms", "2" (seconds), "infinity" (-1); in ms. */
int unit_time_span(const char *text, int64_t *ret_ms, struct err *err) MUST_CHECK;

/* "SIGTERM", "TERM" or a number. */
int unit_signal(const char *text, int *ret, struct err *err) MUST_CHECK;

#endif
