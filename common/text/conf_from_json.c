/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conf_from_json.h"

#include <stdio.h>
#include <string.h>

static bool is_in(const char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

static bool is_duration(const struct conf_option *table, const char *name)
{
	for (const struct conf_option *o = table; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o->type == CONF_DURATION;
	return false;
}

static int set_member(const struct conf_option *table, void *target, const char *name,
		      const json_t *value, struct err *err)
{
	char text[64];

	if (json_is_string(value))
		return conf_set(table, target, "", name, json_string_value(value), err);
	if (json_is_integer(value))
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT "%s",
			 json_integer_value(value), is_duration(table, name) ? "ms" : "");
	else if (json_is_real(value))
		snprintf(text, sizeof(text), "%.17g", json_real_value(value));
	else if (json_is_boolean(value))
		snprintf(text, sizeof(text), "%s", json_is_true(value) ? "yes" : "no");
	else
		return err_set(err, ERR_INVAL, "%s: must be a string, number or boolean",
			       name);
	return conf_set(table, target, "", name, text, err);
}

int conf_load_json(const struct conf_option *table, void *target, const json_t *object,
		   const char *const *skip, struct err *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return err_set(err, ERR_INVAL, "the options are not a JSON object");
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		int rc = 0;

		if (!is_in(skip, name))
			rc = set_member(table, target, name, value, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
