/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "change_list.h"

#include "buf.h"
#include "check.h"

#include <stdarg.h>

void change_list_add(json_t *to, const char *action, const char *kind, const char *name,
		     const char *detail)
{
	json_array_append_new(to,
			      json_pack("{s:s, s:s, s:s, s:s}", "action", action, "kind",
					kind, "name", name, "detail", detail));
}

void change_list_add_difference(json_t *to, const char *kind, const char *name,
				json_t *old, json_t *new, const json_t *declared)
{
	CLEANUP(buf_done) struct buf b;
	const char *key;
	json_t *value;

	buf_init(&b, 4096);
	json_object_foreach(new, key, value)
	{
		json_t *was = json_object_get(old, key);
		const json_t *said = json_object_get(declared, key);
		CLEANUP(free) char *from = NULL;
		CLEANUP(free) char *into = NULL;

		if (json_equal(was, value))
			continue;
		from = json_dumps(was, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
		into = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
		buf_printf(&b, "%s%s %s%s -> %s", b.len ? ", " : "", key,
			   from ? from : "none",
			   said && !json_equal(said, was) ? " (set by hand)" : "", into);
	}
	if (b.len > 0)
		change_list_add(to, "change", kind, name, buf_str(&b));
	json_decref(old);
	json_decref(new);
}

bool change_list_is_full(const json_t *warnings)
{
	return json_array_size(warnings) > CHANGE_LIST_WARNINGS;
}

void change_list_warn(json_t *to, const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf b;
	va_list ap;

	buf_init(&b, 2000);
	if (change_list_is_full(to))
		return;
	va_start(ap, fmt);
	if (json_array_size(to) < CHANGE_LIST_WARNINGS)
		buf_vprintf(&b, fmt, ap);
	else
		buf_puts(&b, "there are more warnings");
	va_end(ap);
	json_array_append_new(to, json_string(buf_str(&b)));
}
