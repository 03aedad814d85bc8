/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the options of a unit file, as systemd and fleet write them.
 *
 * What a section means is read elsewhere: fleet_section.h, service_section.h,
 * resources_section.h, metrics_section.h, and by the agent's supervisor.
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
	char *value; /* continued lines are joined by a blank */
	char *raw;   /* as written, continuations kept; the hash is computed from it */
	int line;    /* where it began, from 1; 0 when added by unit_file_add() */
};

struct unit_file {
	char *what; /* how errors name it, "web@.service" */
	struct unit_option *options;
	size_t n;
};

/* An empty one. */
struct unit_file *unit_file_new(const char *what);
void unit_file_free(struct unit_file *u);
DEFINE_CLEANUP(struct unit_file *, unit_file_free);
/* A last option without value, for the caller to complete. */
struct unit_option *unit_file_append(struct unit_file *u, const char *section,
				     const char *name);

/* The last value, or NULL when there is none; "" when the last assignment is empty. */
const char *unit_file_get(const struct unit_file *u, const char *section,
			  const char *name);

/*
 * The assignments of one name in order, as lists are read: an empty assignment drops
 * those before it. prev NULL: the first; NULL is returned after the last.
 */
const struct unit_option *unit_file_next(const struct unit_file *u, const char *section,
					 const char *name,
					 const struct unit_option *prev);

/* Sets err to "what:LINE: [Section] Name: message" and returns ERR_INVAL. */
int unit_file_refuse(const struct unit_file *u, const struct unit_option *o,
		     struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Adds the canonical text: sections in order of first appearance, each with its options
 * in order, an empty line between two sections. Parsing it gives the same options.
 */
void unit_file_text(const struct unit_file *u, struct buf *ret);

/* SHA-1 of the canonical text in hex, fleet's identity of a unit's contents. */
void unit_file_hash(const struct unit_file *u, char ret[UNIT_HASH_TEXT]);

#endif
