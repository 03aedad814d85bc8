/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "native_json.h"

#include "check.h"
#include "private_file.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static char *path_of(const char *file)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	return file[0] != '/' && dir ? xasprintf("%s/%s", dir, file) : xstrdup(file);
}

int native_json_read(const char *file, const char *told, json_t **ret, char **ret_path,
		     struct err *err)
{
	CLEANUP(private_file_done) struct private_file f = { .text = NULL };
	CLEANUP(json_decref) json_t *doc = NULL;
	CLEANUP(free) char *path = path_of(file);
	int rc = private_file_read(path, &f, err);

	if (rc == ERR_NOT_FOUND)
		return err_wrap(err, ERR_INVAL, "%s", told);
	if (rc == 0 && f.exposed.code)
		rc = err_set(err, f.exposed.code, "%s", f.exposed.msg);
	if (rc == 0 && json_parse(f.text, strlen(f.text), path, &doc, NULL) < 0)
		rc = err_set(err, ERR_INVAL, "%s is not JSON", path);
	if (rc < 0)
		return rc;
	*ret = TAKE(doc);
	*ret_path = TAKE(path);
	return 0;
}

int native_json_take(const json_t *doc, const char *path,
		     const struct native_member *members, size_t n, json_t *pairs,
		     struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(doc, members[i].name);

		if (value && !json_is_string(value))
			return err_set(err, ERR_INVAL, "%s: '%s' must be a text", path,
				       members[i].name);
		if (value)
			json_object_set(pairs, members[i].pair, value);
	}
	return 0;
}
