/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script.h - shell scripts from the templates beside it: names between @ are put in,
 * lines that are comments left out.
 */
#ifndef CONTROLLER_TRUST_SCRIPT_H
#define CONTROLLER_TRUST_SCRIPT_H

#include "err.h"

#define SCRIPT_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* What the template has between @. */
struct script_place {
	const char *name, *value;
	const char *allowed; /* characters; NULL: it is ours */
};

/* An embedded file without comments; the caller frees it. */
char *script_file(const char *name);

/*
 * The template of that name, filled; places ends with a NULL name and has all that the
 * template has. The caller frees *ret. ERR_INVAL: a value is empty or has forbidden
 * characters.
 */
int script_make(const char *name, const struct script_place *places, char **ret,
		struct err *err) MUST_CHECK;

#endif
