/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf.h - option tables, and INI files read into structs by them.
 *
 * A program's options are one table: section, name, type, place in its struct, default,
 * range, help. --help, the example file and the check of the manual are made from that
 * table.
 */
#ifndef COMMON_TEXT_CONF_H
#define COMMON_TEXT_CONF_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum conf_type {
	CONF_STRING,   /* char *, owned by the struct; NULL when the default is NULL */
	CONF_INT,      /* int64_t */
	CONF_NUMBER,   /* double; "0.5%" is read as 0.005 */
	CONF_BOOL,     /* bool; yes/no, true/false, on/off, 1/0 */
	CONF_DURATION, /* int64_t ms */
};

struct conf_option {
	const char *section;
	const char *name;
	enum conf_type type;
	size_t offset;       /* of the member in the target struct */
	const char *def;     /* as it would be written in a file */
	double min, max;     /* for INT, NUMBER, DURATION (ms) when min < max */
	const char *choices; /* for STRING: "a|b|c", or NULL */
	const char *help;    /* one line */
};

/* Tables end with an entry whose name is NULL. target holds zeroes or earlier values. */
void conf_defaults(const struct conf_option *table, void *target);
int conf_set(const struct conf_option *table, void *target, const char *section,
	     const char *name, const char *value, struct err *err) MUST_CHECK;
/* Unknown sections and names are errors that name the line. */
int conf_load(const struct conf_option *table, void *target, const char *path,
	      struct err *err) MUST_CHECK;
void conf_done(const struct conf_option *table, void *target); /* frees the strings */

/* An example file with every option, its default and help, commented out. */
void conf_print_example(const struct conf_option *table, FILE *out);

#endif
