/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - unit files as systemd and fleet write them: text to options and back.
 *
 * Sections, "Name=Value" lines, comments with # or ; at a line's start, values that go on
 * behind a backslash at the end of a line, repeated names in their order. What a section
 * means is read elsewhere: fleet_section.h, service_section.h, and by the agent's
 * supervisor.
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_UNITFILE_OPTIONS_H
#define FLEET_ADAPTER_UNITFILE_OPTIONS_H

#include "buf.h"
#include "cleanup.h"
#include "err.h"

#include <stddef.h>

#define UNIT_LINE_MAX 2048        /* bytes in a line, as fleet and systemd had it */
#define UNIT_FILE_MAX (256 << 10) /* bytes in a file */
#define UNIT_OPTIONS_MAX 4096     /* options in a file */
#define UNIT_HASH_TEXT 41         /* 40 hex digits and the NUL */

struct unit_option {
	char *section;
	char *name;
	char *value; /* continued lines are joined by one blank */
	char *raw;   /* as written, continuations kept; what the hash is made of */
	int line;    /* where it began, from 1; 0 when it came by unit_file_add() */
};

struct unit_file {
	char *what; /* how errors name it, "web@.service" */
	struct unit_option *options;
	size_t n;
};

/*
 * Parses unit text.
 *
 *   text, len  the file; need not end in a NUL
 *   what       its name in errors, which read "what:LINE: words"
 *   ret        the caller owns it: unit_file_free()
 *
 * ERR_INVAL for a line that is neither section, option nor comment, an option before the
 * first section, bytes that are no UTF-8 or control characters; ERR_LIMIT for a line or
 * file that is too long or has too many options. Cost O(len).
 */
int unit_file_parse(const char *text, size_t len, const char *what,
		    struct unit_file **ret, struct err *err) MUST_CHECK;
void unit_file_free(struct unit_file *u);
DEFINE_CLEANUP(struct unit_file *, unit_file_free);

/* An empty one, and a last option for it, for units that come as lists of options.
 * ERR_INVAL when the parts could not stand in a file. */
struct unit_file *unit_file_new(const char *what);
int unit_file_add(struct unit_file *u, const char *section, const char *name,
		  const char *value, struct err *err) MUST_CHECK;

/* The last value, or NULL when there is none; "" when the last assignment is empty. */
const char *unit_file_get(const struct unit_file *u, const char *section,
			  const char *name);

/*
 * The assignments of one name in order, as lists are read: an empty assignment forgets
 * those before it. NULL as prev begins; NULL is returned behind the last.
 */
const struct unit_option *unit_file_next(const struct unit_file *u, const char *section,
					 const char *name,
					 const struct unit_option *prev);

/* Sets err to "what:LINE: [Section] Name: words" and returns ERR_INVAL. */
int unit_file_refuse(const struct unit_file *u, const struct unit_option *o,
		     struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Adds the canonical text: sections in order of first appearance, each with its options
 * in order, an empty line between two sections. Parsing it gives the same options again.
 */
void unit_file_text(const struct unit_file *u, struct buf *ret);

/* SHA-1 of the canonical text in hex, fleet's identity of a unit's contents. */
void unit_file_hash(const struct unit_file *u, char ret[UNIT_HASH_TEXT]);

#endif
