/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fields.h"

#include "clock.h"
#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 63

const json_t *rest_at(const json_t *o, const char *path)
{
	while (o && *path) {
		const size_t n = strcspn(path, ".");
		char name[NAME_MAX_BYTES + 1];

		if (n > NAME_MAX_BYTES)
			return NULL;
		memcpy(name, path, n);
		name[n] = '\0';
		o = json_object_get(o, name);
		path += n + (path[n] == '.');
	}
	return o;
}

const char *rest_text(const json_t *o, const char *path)
{
	const char *text = json_string_value(rest_at(o, path));

	return text ? text : "";
}

double rest_num(const json_t *o, const char *path, double def)
{
	const json_t *v = rest_at(o, path);
	const char *text = json_string_value(v);
	char *end;
	double x;

	if (json_is_number(v))
		return json_number_value(v);
	if (!text || !*text)
		return def;
	x = strtod(text, &end);
	return *end ? def : x;
}

int64_t rest_int(const json_t *o, const char *path, int64_t def)
{
	const json_t *v = rest_at(o, path);
	const char *text = json_string_value(v);
	char *end;
	long long x;

	if (json_is_integer(v))
		return json_integer_value(v);
	if (!text || !*text)
		return def;
	x = strtoll(text, &end, 10);
	return *end ? def : x;
}

int64_t rest_time_ms(const json_t *o, const char *path)
{
	const char *text = rest_text(o, path), *time = strchr(text, 'T');
	int64_t ms = 0;
	char zoned[64];

	if (!time)
		return 0;
	snprintf(zoned, sizeof(zoned), "%s%s", text, strpbrk(time, "Zz+-") ? "" : "Z");
	return clock_parse(zoned, &ms, NULL) == 0 ? ms : 0;
}

void rest_copy(char *to, size_t size, const json_t *o, const char *path)
{
	snprintf(to, size, "%s", rest_text(o, path));
	utf8_make_plain(to, size - 1);
}
