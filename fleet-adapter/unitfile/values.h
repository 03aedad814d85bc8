/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * values.h - values of options, for the files that read sections.
 */
#ifndef FLEET_ADAPTER_UNITFILE_VALUES_H
#define FLEET_ADAPTER_UNITFILE_VALUES_H

#include <stddef.h>

/* The place of text in the list; -1 when it is not in it. */
int x_find_word(const char *text, const char *const *list, size_t n);
/* Replaces an owned string by a copy of value. */
void x_set_string(char **place, const char *value);

#endif
