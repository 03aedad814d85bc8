/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fields.h"

const char *field_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

long long field_int(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

double field_number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}
