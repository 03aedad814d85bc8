/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * name.h - names of units: their rules, templates and instances, and globs over them.
 *
 * "web@3.service": stem "web@3", prefix "web", instance "3", suffix "service", of the
 * template "web@.service".
 *
 * Pure: no I/O, no clock, no logging, no global state; safe from any thread.
 */
#ifndef FLEET_ADAPTER_UNITFILE_NAME_H
#define FLEET_ADAPTER_UNITFILE_NAME_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

#define UNIT_NAME_MAX 256 /* bytes in a name */

/* A buffer for any part of a name. */
#define UNIT_NAME_TEXT (UNIT_NAME_MAX + 1)

/* fleet's rules for a name; ERR_INVAL names the broken one. */
int unit_name_check(const char *name, struct err *err) MUST_CHECK;

bool unit_name_is_template(const char *name); /* "web@.service" */
bool unit_name_is_instance(const char *name); /* "web@3.service" */

/*
 * Parts of a checked name. The prefix of a name without "@" is its stem, its instance is
 * empty; the instance is between the first "@" and the last ".". Each returns
 * ret.
 */
const char *unit_name_stem(const char *name, char ret[UNIT_NAME_TEXT]);
const char *unit_name_prefix(const char *name, char ret[UNIT_NAME_TEXT]);
const char *unit_name_instance(const char *name, char ret[UNIT_NAME_TEXT]);
/* The unit's file: the template for an instance, else the name itself. */
const char *unit_name_file(const char *name, char ret[UNIT_NAME_TEXT]);

/* "web@.service" and "3" to "web@3.service". ERR_INVAL when that is not a valid name. */
int unit_name_of_template(const char *template, const char *instance,
			  char ret[UNIT_NAME_TEXT], struct err *err) MUST_CHECK;

/* fleet's globs over names, see glob_match(). A malformed pattern matches nothing. */
bool unit_glob(const char *pattern, const char *name);

#endif
