/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * toml.h - the subset of TOML that confd's template resources use: [tables], strings of
 * all four kinds, integers, booleans and arrays of strings. No dates, floats, inline
 * tables or arrays of tables: Debian has no C library for TOML, and resources need none
 * of them.
 */
#ifndef COMMON_TEXT_TOML_H
#define COMMON_TEXT_TOML_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum toml_type { TOML_STRING, TOML_INT, TOML_BOOL, TOML_LIST };

struct toml_item {
	const char *table; /* "" before the first; dots stay: "a.b" */
	const char *key;
	enum toml_type type;
	const char *str;
	int64_t number;
	bool yes;
	const char *const *list; /* [n] */
	size_t n;
	int line;
};

/* A non-zero return stops the reading and becomes its result. */
typedef int toml_each_fn(void *arg, const struct toml_item *item, struct err *err);

/* what names the text in errors. ERR_INVAL, with the line, for anything else. */
int toml_each(const char *text, const char *what, toml_each_fn *fn, void *arg,
	      struct err *err) MUST_CHECK;

#endif
