/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyring_read.h - the credentials file, and the files that it names, as they are on
 * disk.
 */
#ifndef CONTROLLER_POOLS_KEYRING_READ_H
#define CONTROLLER_POOLS_KEYRING_READ_H

#include "err.h"

#include <jansson.h>

/*
 * All of it in one document, so that two looks can be compared as a whole: {"error",
 * "code","profiles":{NAME:{"line","lines","driver","source","pairs","error","code"}}}. An
 * error stands in place of profiles, or of a profile's pairs. The caller owns it.
 */
json_t *keyring_read(const char *path);

/* The pairs of a profile give way to an error with their line. */
void keyring_refuse(const char *path, const char *name, json_t *profile,
		    const struct err *why);

#endif
