/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dashboard's files: built in, or read from web_root during development.
 */
#include "dashboard.h"

#include "embedded.h"
#include "reply.h"
#include "server.h"
#include "text.h"

#include <string.h>

#define FILE_MAX_BYTES (8 << 20)

static const struct embedded *find(const char *name)
{
	for (const struct embedded *f = web_files; f->path; f++)
		if (strcmp(f->path, name) == 0)
			return f;
	return NULL;
}

/* Plain names only, so that no path leaves the folder. */
static bool is_plain(const char *name)
{
	return *name && *name != '.' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789-_.") == strlen(name);
}

static const char *type_of(const char *name)
{
	static const char *const types[][2] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
		{ ".json", "application/json" },
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}

static bool from_disk(struct request *r, const char *name)
{
	CLEANUP(free) char *path = NULL;
	CLEANUP(free) char *data = NULL;
	size_t len;

	if (!*r->api->opts.web_root)
		return false;
	if (asprintf(&path, "%s/%s", r->api->opts.web_root, name) < 0 ||
	    conf_read_file(path, FILE_MAX_BYTES, &data, &len, NULL) < 0)
		return false;
	reply_data(r, 200, type_of(name), data, len);
	return true;
}

bool api_web_file(struct request *r)
{
	const char *name = strcmp(r->path, "/") == 0 ? "index.html" : r->path + 1;
	const struct embedded *f;

	if (!is_plain(name))
		return false;
	if (from_disk(r, name))
		return true;
	f = find(name);
	if (!f)
		return false;
	reply_data(r, 200, f->type, f->data, f->len);
	return true;
}
