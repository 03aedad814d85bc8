/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalog.h"

#include "check.h"
#include "text.h"

#include <string.h>
#include <unistd.h>

/* The row of a profile, made when it is new. The document keeps it. */
static json_t *row_of(json_t *catalog, const char *name, const char *source)
{
	json_t *row = json_object_get(catalog, name);

	if (row)
		return row;
	row = json_pack("{s:n, s:s, s:i, s:n}", "driver", "source", source, "changed_ms",
			0, "problem");
	json_object_set_new(catalog, name, row);
	return row;
}

/* Unless it is known already. */
static void set_driver(json_t *row, const char *driver)
{
	if (json_is_null(json_object_get(row, "driver")))
		json_object_set_new(row, "driver", json_text(driver));
}

/* [driver DRIVER/PROFILE] */
static void add_configured(const json_t *driver_options, json_t *catalog)
{
	const char *section;
	json_t *options;

	json_object_foreach((json_t *)(uintptr_t)driver_options, section, options)
	{
		const char *slash = strchr(section, '/');
		CLEANUP(free)
		char *driver = xstrndup(section, strcspn(section, "/"));

		if (slash)
			set_driver(row_of(catalog, slash + 1, "nothing"), driver);
	}
}

static bool has_profile(const json_t *catalog, const char *driver)
{
	const char *name;
	json_t *row;

	json_object_foreach((json_t *)(uintptr_t)catalog, name, row)
	{
		const char *own = json_string_value(json_object_get(row, "driver"));

		if (own && strcmp(own, driver) == 0)
			return true;
	}
	return false;
}

/* [driver DRIVER] is for all of its profiles. Without any it is one: a driver may need no
 * credentials. */
static void add_bare(const json_t *driver_options, json_t *catalog)
{
	const char *section;
	json_t *options;

	json_object_foreach((json_t *)(uintptr_t)driver_options, section, options)
	{
		if (!strchr(section, '/') && !has_profile(catalog, section))
			set_driver(row_of(catalog, section, "nothing"), section);
	}
}

static void add_environment(json_t *catalog)
{
	const char *driver;

	for (size_t i = 0; (driver = native_driver(i)); i++) {
		CLEANUP(json_decref) json_t *pairs = NULL;
		struct err e;
		json_t *row;
		int rc;

		if (strcmp(json_string_value(json_object_get(
				   json_object_get(catalog, driver), "source"))
				   ?: "nothing",
			   "nothing") != 0)
			continue;
		rc = native_from_environment(driver, &pairs, &e);
		if (rc == 0 && !pairs)
			continue;
		row = row_of(catalog, driver, "environment");
		json_object_set_new(row, "source", json_string("environment"));
		if (rc < 0)
			json_object_set_new(row, "problem", json_text(e.msg));
		set_driver(row, driver);
	}
}

static void add_pools(const struct db_pool_list *pools, json_t *catalog)
{
	for (size_t i = 0; i < pools->n; i++) {
		json_t *row = row_of(catalog, pools->v[i].profile, "nothing");

		set_driver(row, pools->v[i].driver);
		if (!json_object_get(row, "pools"))
			json_object_set_new(row, "pools", json_array());
		json_array_append_new(json_object_get(row, "pools"),
				      json_text(pools->v[i].name));
	}
}

static bool is_driver(const struct pool_opts *o, const char *name)
{
	CLEANUP(free) char *path = xasprintf("%s/%s.so", o->drivers_dir, name);

	return !strchr(name, '/') && access(path, F_OK) == 0;
}

int catalog_read(const struct pool_opts *o, json_t **ret, struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { 0 };
	CLEANUP(json_decref) json_t *catalog = NULL;
	const char *name;
	json_t *row;
	int rc = db_pool_list(o->db, &pools, err);

	if (rc < 0)
		return rc;
	catalog = keyring_list(o->keyring);
	add_configured(o->driver_options, catalog);
	add_environment(catalog);
	add_pools(&pools, catalog);
	json_object_foreach(catalog, name, row)
	{
		if (is_driver(o, name))
			set_driver(row, name);
	}
	add_bare(o->driver_options, catalog);
	json_object_foreach(catalog, name, row)
	{
		if (!json_object_get(row, "pools"))
			json_object_set_new(row, "pools", json_array());
	}
	*ret = TAKE(catalog);
	return 0;
}

int catalog_pool(const struct pool_opts *o, const char *profile, const char *driver,
		 struct db_pool *ret, struct err *err)
{
	CLEANUP(db_pool_list_done) struct db_pool_list pools = { 0 };
	int rc = db_pool_list(o->db, &pools, err);

	for (size_t i = 0; rc == 0 && i < pools.n; i++)
		if (strcmp(pools.v[i].profile, profile) == 0 &&
		    strcmp(pools.v[i].driver, driver) == 0)
			return db_pool_get(o->db, pools.v[i].name, ret, err);
	if (rc == 0)
		*ret = (struct db_pool){
			.name = xstrdup(""),
			.stack = xstrdup(""),
			.driver = xstrdup(driver),
			.profile = xstrdup(profile),
			.type = xstrdup(""),
			.user_data = xstrdup(""),
			.config_json = xstrdup("{}"),
			.state = xstrdup(""),
			.last_error = xstrdup(""),
		};
	return rc;
}
