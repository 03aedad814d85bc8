/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strv.h - NULL-ended lists of owned strings. An empty list may be a NULL pointer.
 */
#ifndef AGENT_UNITS_OWN_SPEC_STRV_H
#define AGENT_UNITS_OWN_SPEC_STRV_H

#include "cleanup.h"

#include <stdbool.h>
#include <stddef.h>

size_t strv_len(char *const *v);
bool strv_has(char *const *v, const char *s);
void strv_push(char ***v, char *take_s); /* takes the string over */
void strv_free(char **v);
DEFINE_CLEANUP(char **, strv_free);

/* The value of NAME in a list of NAME=VALUE, the last one wins; NULL when absent. */
const char *strv_env_get(char *const *env, const char *name, size_t name_len);

#endif
