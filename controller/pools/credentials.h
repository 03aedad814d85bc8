/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * credentials.h - the one file that holds secrets: INI, one section per profile.
 *
 *	[hetzner-eu]
 *	token = ...
 *
 * The file must be regular, belong to root or to this user, and be inaccessible to others
 * (mode 0600 or less); otherwise it is rejected. Values are passed to a driver only: no
 * error of this module contains one.
 */
#ifndef CONTROLLER_POOLS_CREDENTIALS_H
#define CONTROLLER_POOLS_CREDENTIALS_H

#include "err.h"

#include <jansson.h>

/*
 * All profiles by name, {"line","pairs":{NAME: text},"lines":{NAME: line}}; the caller
 * owns it.
 *
 * ERR_NOT_FOUND: no such file; ERR_DENIED: it is not private enough; ERR_INVAL: it is not
 * an INI file, or a name is given twice, with the line; ERR_LIMIT: it is too large.
 */
int credentials_read(const char *path, json_t **ret, struct err *err) MUST_CHECK;

/* Whether the file would be accepted, for start-up checks; a missing file is fine. */
int credentials_check(const char *path, struct err *err) MUST_CHECK;

#endif
