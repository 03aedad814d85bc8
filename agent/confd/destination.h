/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * destination.h - compares, stages and publishes a rendered file. For confd only.
 */
#ifndef AGENT_CONFD_DESTINATION_H
#define AGENT_CONFD_DESTINATION_H

#include "spec.h"

#include <stdbool.h>

/* dest holds exactly these bytes, with the mode and owner that the resource sets. */
bool confd_file_equals(const char *dest, const char *data, size_t len,
		       const struct confd_spec *s);

/*
 * Writes ".NAME" and random letters beside dest, with dest's future mode and owner;
 * makes missing folders (0755). The caller owns *ret_path and unlinks it. ERR_STORE
 * when a file cannot be written.
 */
int confd_file_stage(const char *dest, const char *data, size_t len,
		     const struct confd_spec *s, char **ret_path,
		     struct err *err) MUST_CHECK;

/* Syncs and renames the staged file over dest; over a busy mount its bytes are copied. */
int confd_file_publish(const char *staged, const char *dest, struct err *err) MUST_CHECK;

/* A file that marks, across restarts, that something is due for a key; state_dir NULL:
 * "". */
char *confd_mark_path(const char *state_dir, const char *key);
void confd_mark_set(const char *path);
void confd_mark_clear(const char *path);
bool confd_mark_is_set(const char *path);

#endif
