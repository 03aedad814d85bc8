/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver_options.c - the options that a pool's driver is opened with: those of the
 * configuration, overridden by the pool's, with the profile's credentials.
 */
#include "pools.h"

#include "check.h"
#include "clock.h"
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

int pool_driver_config(const struct pool_opts *o, const struct db_pool *p, char **ret,
		       struct err *err)
{
	CLEANUP(json_decref) json_t *own = NULL;
	CLEANUP(json_decref) json_t *config = json_object();
	CLEANUP(json_decref) json_t *secrets = NULL;
	const json_t *common = json_object_get(o->driver_options, p->driver);
	int rc = json_parse(p->config_json, strlen(p->config_json), "pool options", &own,
			    err);

	if (rc < 0)
		return rc;
	if (common)
		json_object_update(config, (json_t *)(uintptr_t)common);
	json_object_update(config, own);
	if (p->cpu > 0)
		json_object_set_new(config, "cpu", json_real(p->cpu));
	if (p->memory_bytes > 0)
		json_object_set_new(config, "memory",
				    json_sprintf("%lld", (long long)p->memory_bytes));
	rc = scale_durations(config, err);
	if (rc < 0)
		return rc;
	/*
	 * The profile defaults to the driver's name; a driver without credentials needs
	 * none of that name.
	 */
	rc = credentials_get(o->credentials, p->profile, &secrets, err);
	if (rc < 0 && (rc != ERR_NOT_FOUND || strcmp(p->profile, p->driver) != 0))
		return rc;
	if (rc == 0)
		json_object_set(config, "credentials", secrets);
	*ret = json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS);
	return 0;
}
