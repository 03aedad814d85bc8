/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.h - paths of the API with names in them.
 */
#ifndef CLI_CLIENT_PATH_H
#define CLI_CLIENT_PATH_H

#include "err.h"

/*
 * fmt with each %s, the only conversion it may have, replaced by the next argument, in
 * which all but what URLs leave alone is escaped. The caller's.
 */
char *client_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The path of the tier STACK/TIER, and rest as it is. The caller's. */
char *client_tier_path(const char *tier, const char *rest);

/*
 * ERR_INVAL: a part is empty, "." or "..", or has an escaped "/". Such a path is
 * another's as soon as something on its way makes it shorter.
 */
int client_path_check(const char *path, struct err *err) MUST_CHECK;

#endif
