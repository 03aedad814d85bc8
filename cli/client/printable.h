/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * printable.h - text of others, made harmless for a terminal.
 *
 * Log lines, messages, addresses and reasons come from hosts and from people. A terminal
 * obeys the control characters in them: they move the cursor, forge rows, set its title.
 */
#ifndef CLI_CLIENT_PRINTABLE_H
#define CLI_CLIENT_PRINTABLE_H

#include <jansson.h>
#include <stddef.h>

/*
 * Text in which each control character that is not in keep, and each that changes the
 * direction of what follows, is written as \xNN or \uNNNN; invalid UTF-8 as \xNN. The
 * caller's.
 */
char *printable(const char *text, const char *keep);

/* The same of all strings in a document, lines and tabs kept; keys are left alone. */
void printable_doc(json_t *doc);

/* Columns of a terminal that printable text takes. */
size_t printable_width(const char *text);

#endif
