/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf.h - INI files, and option tables over them.
 *
 * A program's options are one table: section, name, type, place in its struct, default,
 * range, help. --help, the example file and the manual's check come from that table.
 */
#ifndef COMMON_TEXT_CONF_H
#define COMMON_TEXT_CONF_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Called for each "name = value" in order; line counts from 1. A non-zero return stops
 * the reading and becomes its result. Values have no surrounding blanks.
 */
typedef int conf_each_fn(void *arg, const char *section, const char *name,
			 const char *value, int line, struct err *err);

/*
 * Reads INI text: [section] lines, name = value, comments with # or ; at a line's start
 * (or " ;" behind a value), a value goes on in following indented lines. what names the
 * text in errors ("stack.conf"). ERR_INVAL for a line that is none of these.
 */
int conf_each(const char *text, const char *what, conf_each_fn *fn, void *arg,
	      struct err *err) MUST_CHECK;

/* The same for the section lines alone, so that empty sections are seen too. */
typedef int conf_section_fn(void *arg, const char *section, int line, struct err *err);
int conf_each_section(const char *text, const char *what, conf_section_fn *fn, void *arg,
		      struct err *err) MUST_CHECK;

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

/* Single values, for those who read sections of their own. */
int conf_parse_number(const char *text, double *ret, struct err *err) MUST_CHECK;
int conf_parse_int(const char *text, int64_t *ret, struct err *err) MUST_CHECK;
int conf_parse_bool(const char *text, bool *ret, struct err *err) MUST_CHECK;

/* A whole file of at most max_bytes, NUL-terminated; the caller frees *ret. */
int conf_read_file(const char *path, size_t max_bytes, char **ret, size_t *ret_len,
		   struct err *err) MUST_CHECK;

#endif
