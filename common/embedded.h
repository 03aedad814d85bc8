/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * embedded.h - files that were turned into C at build time (web/embed.c).
 *
 * A table ends with an entry whose path is NULL. Entries come in the order of the
 * command line that made them; path is the file's base name.
 */
#ifndef COMMON_EMBEDDED_H
#define COMMON_EMBEDDED_H

#include <stddef.h>

struct embedded {
	const char *path;          /* "app.js" */
	const char *type;          /* media type, "text/javascript" */
	const char *etag;          /* quoted, changes with the bytes */
	const unsigned char *data; /* NUL-terminated; the NUL is not counted */
	size_t len;
};

extern const struct embedded web_files[];
extern const struct embedded db_migrations[];
extern const struct embedded user_data_files[]; /* scripts, the agent's unit */

/* The text of the file with that name, which must be there. */
const char *embedded_text(const struct embedded *files, const char *name);

#endif
