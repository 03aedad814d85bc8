/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver_options.c - the options that a pool's driver is opened with: those of the
 * configuration, for the driver and for the profile, overridden by the few that a stack
 * may set, with the profile's credentials.
 */
#include "pools.h"

#include "check.h"
#include "clock.h"
#include "native.h"
#include "text.h"

#include <string.h>

/* Durations in options are calendar time; drivers wait in real time. */
static int scale_durations(json_t *config, struct err *err)
{
	const char *text = NULL;
	char real[CLOCK_TEXT];
	int64_t ms = 0;
	int rc = jread_str_opt(config, "boot_delay", &text, err);

	if (rc < 0 || !text)
		return rc;
	rc = clock_parse_duration(text, &ms, err);
	if (rc < 0)
		return rc;
	json_object_set_new(config, "boot_delay",
			    json_string(clock_format_duration(clock_real_ms(ms), real)));
	return 0;
}

/* What foretide.conf says: [driver NAME], then [driver NAME/PROFILE]. */
static json_t *configured(const struct pool_opts *o, const struct db_pool *p,
			  bool *ret_has_profile)
{
	CLEANUP(free) char *section = xasprintf("%s/%s", p->driver, p->profile);
	const json_t *common = json_object_get(o->driver_options, p->driver);
	const json_t *of_profile = json_object_get(o->driver_options, section);
	json_t *ret = json_object();

	if (common)
		json_object_update(ret, (json_t *)(uintptr_t)common);
	if (of_profile)
		json_object_update(ret, (json_t *)(uintptr_t)of_profile);
	*ret_has_profile = of_profile || strcmp(p->profile, p->driver) == 0;
	return ret;
}

static json_t *names_of(json_t *options)
{
	json_t *ret = json_array(), *value;
	const char *name;

	json_object_foreach(options, name, value)
		json_array_append_new(ret, json_string(name));
	return ret;
}

/*
 * Of the profile in the credentials file, or of the environment; *ret is NULL when there
 * are none. The profile defaults to the driver's name; a driver without credentials needs
 * none of that name, or of one that the configuration has a section for.
 */
static int find_credentials(const struct pool_opts *o, const struct db_pool *p,
			    bool has_profile, json_t **ret, struct err *err)
{
	int rc = keyring_get(o->keyring, p->profile, p->driver, ret, err);

	if (rc != ERR_NOT_FOUND)
		return rc;
	*ret = NULL;
	/* The environment has no profiles: its credentials are those of the driver's. */
	if (strcmp(p->profile, p->driver) == 0)
		return native_from_environment(p->driver, ret, err);
	return has_profile ? 0 : rc;
}

/* ---------------------------------------------------------------- all of it */

/* All but the credentials; the caller owns *ret. */
static int read_options(const struct pool_opts *o, const struct db_pool *p,
			bool *ret_has_profile, json_t **ret, struct err *err)
{
	CLEANUP(json_decref) json_t *own = NULL;
	CLEANUP(json_decref) json_t *config = configured(o, p, ret_has_profile);
	int rc = json_parse(p->config_json, strlen(p->config_json), "pool options", &own,
			    err);

	if (rc < 0)
		return rc;
	json_object_update(config, own);
	json_object_set_new(config, "from_stack", names_of(own));
	if (p->cpu > 0)
		json_object_set_new(config, "cpu", json_real(p->cpu));
	if (p->memory_bytes > 0)
		json_object_set_new(config, "memory",
				    json_sprintf("%lld", (long long)p->memory_bytes));
	rc = scale_durations(config, err);
	if (rc == 0)
		*ret = TAKE(config);
	return rc;
}

int pool_driver_config(const struct pool_opts *o, const struct db_pool *p, char **ret,
		       struct err *err)
{
	CLEANUP(json_decref) json_t *config = NULL;
	CLEANUP(json_decref) json_t *secrets = NULL;
	bool has_profile;
	int rc = read_options(o, p, &has_profile, &config, err);

	if (rc == 0)
		rc = find_credentials(o, p, has_profile, &secrets, err);
	if (rc < 0)
		return rc;
	if (secrets)
		json_object_set(config, "credentials", secrets);
	*ret = json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS);
	return 0;
}

int pool_interruption(const struct pool_opts *o, const struct db_pool *p, char **ret,
		      char **ret_url, struct err *err)
{
	static const char *const known[] = { "ec2", "gce", "azure", "none" };
	bool has_profile;
	CLEANUP(json_decref) json_t *config = configured(o, p, &has_profile);
	const char *source = *p->cloud_interruption ? p->cloud_interruption : "none";
	const char *url = NULL;
	size_t i;
	int rc = jread_str_opt(config, "interruption", &source, err);

	if (rc == 0)
		rc = jread_str_opt(config, "interruption_url", &url, err);
	if (rc < 0)
		return rc;
	for (i = 0; i < ARRAY_SIZE(known) && strcmp(known[i], source) != 0; i++)
		;
	if (i == ARRAY_SIZE(known))
		return err_set(
			err, ERR_INVAL,
			"driver '%s': 'interruption' is '%s': it must be ec2, gce, "
			"azure or none",
			p->driver, source);
	*ret = xstrdup(source);
	*ret_url = url ? xstrdup(url) : NULL;
	return 0;
}

int pool_driver_open_with(const struct pool_opts *o, const struct db_pool *p,
			  const char *config, struct driver **ret, struct err *err)
{
	int rc = driver_open(o->clouds, o->drivers_dir, p->driver, config, ret, err);

	/* A driver does not know whose credentials it got. */
	return rc < 0 ? err_wrap(err, rc, "profile '%s'", p->profile) : 0;
}

int pool_driver_open(const struct pool_opts *o, const struct db_pool *p,
		     struct driver **ret, struct err *err)
{
	CLEANUP(free) char *config = NULL;
	int rc = pool_driver_config(o, p, &config, err);

	return rc < 0 ? rc : pool_driver_open_with(o, p, config, ret, err);
}

int pool_driver_takes(const struct pool_opts *o, const struct db_pool *p,
		      const json_t *pairs, struct err *err)
{
	CLEANUP(driver_close) struct driver *driver = NULL;
	CLEANUP(json_decref) json_t *config = NULL;
	CLEANUP(free) char *text = NULL;
	bool has_profile;
	int rc = read_options(o, p, &has_profile, &config, err);

	if (rc < 0)
		return rc;
	json_object_set(config, "credentials", (json_t *)(uintptr_t)pairs);
	text = json_dumps(config, JSON_COMPACT);
	return driver_open(o->clouds, o->drivers_dir, p->driver, text, &driver, err);
}
