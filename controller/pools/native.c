/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "native.h"

#include "check.h"
#include "native_source.h"
#include "text.h"

#include <string.h>

static const struct native_source *const sources[] = {
	&native_openstack,    &native_aws, &native_hetzner,
	&native_digitalocean, &native_gce, &native_azure,
};

static int resolve(const struct native_source *s, json_t *pairs, struct err *err)
{
	const json_t *name = json_object_get(pairs, s->name);
	const json_t *file = s->file ? json_object_get(pairs, s->file) : NULL;
	CLEANUP(json_decref) json_t *found = json_object();
	int rc;

	if (!name)
		return file ? err_set(err, ERR_INVAL, "'%s' needs '%s'", s->file, s->name)
			    : 0;
	rc = s->read(json_string_value(name), json_string_value(file), found, err);
	if (rc < 0)
		return rc;
	json_object_del(pairs, s->name);
	if (file)
		json_object_del(pairs, s->file);
	json_object_update_missing(pairs, found);
	return 0;
}

int native_resolve(json_t *pairs, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(sources); i++)
		rc = resolve(sources[i], pairs, err);
	return rc;
}

const char *native_source(const json_t *pairs, const char **ret_driver)
{
	const struct native_source *found = NULL;
	bool is_shared = false;

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (!json_object_get(pairs, sources[i]->name))
			continue;
		is_shared = found && strcmp(found->name, sources[i]->name) == 0;
		found = sources[i];
	}
	*ret_driver = found && !is_shared ? found->driver : NULL;
	return found ? found->name : NULL;
}

const char *native_driver(size_t i)
{
	return i < ARRAY_SIZE(sources) ? sources[i]->driver : NULL;
}

int native_from_environment(const char *driver, json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *pairs = json_object();
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(sources); i++)
		if (strcmp(sources[i]->driver, driver) == 0)
			rc = sources[i]->read_environment(pairs, err);
	*ret = rc == 0 && json_object_size(pairs) > 0 ? TAKE(pairs) : NULL;
	return rc;
}
