/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words.h - an owned list of strings, and splitting of a line at blanks.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_UNITFILE_WORDS_H
#define FLEET_ADAPTER_UNITFILE_WORDS_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty list. v is NULL-ended as soon as there is a word. */
struct words {
	char **v;
	size_t n;
};

void words_add(struct words *w, const char *word); /* copies */
void words_addf(struct words *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
bool words_has(const struct words *w, const char *word);
void words_clear(struct words *w); /* empty again; the memory is freed */
void words_done(struct words *w);
DEFINE_CLEANUP_OBJECT(struct words, words_done);

/*
 * Splits a line at blanks and adds the words to w. A word or a part of one may be
 * quoted by '...' or "...", which keeps blanks; outside of '...' a backslash makes the
 * next character literal, except \n \t and \s (a blank), as in C and systemd.
 *
 * ERR_INVAL for an unclosed quote; w then has the words before it.
 */
int words_split(struct words *w, const char *line, struct err *err) MUST_CHECK;

#endif
