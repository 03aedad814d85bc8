/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "json.h"

#include "check.h"
#include "clock.h"
#include "utf8.h"

#include <math.h>
#include <string.h>

int json_parse(const char *text, size_t len, const char *what, json_t **ret,
	       struct err *err)
{
	json_error_t e;
	json_t *doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);

	if (!doc)
		return err_set(err, ERR_INVAL, "%s is not JSON: %s at line %d, column %d",
			       what, e.text, e.line, e.column);
	*ret = doc;
	return 0;
}

size_t json_values_max(const char *text, size_t len)
{
	bool in_string = false;
	size_t n = 1;

	for (size_t i = 0; i < len; i++) {
		const char c = text[i];

		if (c == '"')
			in_string = !in_string;
		else if (c == '\\' && in_string)
			i++;
		else if (!in_string && (c == ',' || c == '[' || c == '{'))
			n++;
	}
	return n;
}

/* *ret is NULL when the member is absent or null. */
static int member(const json_t *o, const char *key, bool required, const json_t **ret,
		  struct err *err)
{
	const json_t *v;

	if (!json_is_object(o))
		return err_set(err, ERR_INVAL, "expected an object around \"%s\"", key);
	v = json_object_get(o, key);
	if (!v || json_is_null(v)) {
		*ret = NULL;
		if (required)
			return err_set(err, ERR_INVAL, "\"%s\" is missing", key);
		return 0;
	}
	*ret = v;
	return 0;
}

static int wrong_type(const char *key, const char *want, struct err *err)
{
	return err_set(err, ERR_INVAL, "\"%s\" must be %s", key, want);
}

static int read_str(const json_t *o, const char *key, bool required, const char **ret,
		    struct err *err)
{
	const json_t *v = NULL;
	int rc = member(o, key, required, &v, err);

	if (rc < 0 || !v)
		return rc;
	if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
		return wrong_type(key, "a string", err);
	*ret = json_string_value(v);
	return 0;
}

static int read_int(const json_t *o, const char *key, bool required, int64_t *ret,
		    struct err *err)
{
	const json_t *v = NULL;
	int rc = member(o, key, required, &v, err);

	if (rc < 0 || !v)
		return rc;
	if (!json_is_integer(v))
		return wrong_type(key, "an integer", err);
	*ret = json_integer_value(v);
	return 0;
}

static int read_num(const json_t *o, const char *key, bool required, double *ret,
		    struct err *err)
{
	const json_t *v = NULL;
	int rc = member(o, key, required, &v, err);

	if (rc < 0 || !v)
		return rc;
	if (!json_is_number(v))
		return wrong_type(key, "a number", err);
	*ret = json_number_value(v);
	return 0;
}

int jread_str(const json_t *o, const char *key, const char **ret, struct err *err)
{
	return read_str(o, key, true, ret, err);
}

int jread_str_opt(const json_t *o, const char *key, const char **ret, struct err *err)
{
	return read_str(o, key, false, ret, err);
}

static int check_line(const char *key, const char *text, size_t least, size_t max,
		      struct err *err)
{
	if (strlen(text) >= least && utf8_is_plain(text, max))
		return 0;
	return err_set(err, ERR_INVAL,
		       "\"%s\" must be one line of %zu to %zu bytes, without control "
		       "characters",
		       key, least, max);
}

int jread_line(const json_t *o, const char *key, size_t max, const char **ret,
	       struct err *err)
{
	const char *text;
	int rc = jread_str(o, key, &text, err);

	if (rc == 0)
		rc = check_line(key, text, 1, max, err);
	if (rc == 0)
		*ret = text;
	return rc;
}

int jread_line_opt(const json_t *o, const char *key, size_t max, const char **ret,
		   struct err *err)
{
	const char *text = *ret;
	int rc = jread_str_opt(o, key, &text, err);

	if (rc == 0 && text)
		rc = check_line(key, text, 0, max, err);
	if (rc == 0)
		*ret = text;
	return rc;
}

bool json_is_plain(const json_t *j, size_t max)
{
	/* jansson iterates only over mutable objects; nothing is changed here. */
	json_t *o = (json_t *)(uintptr_t)j;
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_string(j))
		return strlen(json_string_value(j)) == json_string_length(j) &&
		       utf8_is_plain(json_string_value(j), max);
	json_object_foreach(o, key, v) if (!utf8_is_plain(key, max) ||
					   !json_is_plain(v, max)) return false;
	json_array_foreach(o, i, v) if (!json_is_plain(v, max)) return false;
	return true;
}

int jread_int(const json_t *o, const char *key, int64_t *ret, struct err *err)
{
	return read_int(o, key, true, ret, err);
}

int jread_int_opt(const json_t *o, const char *key, int64_t *ret, struct err *err)
{
	return read_int(o, key, false, ret, err);
}

int jread_num(const json_t *o, const char *key, double *ret, struct err *err)
{
	return read_num(o, key, true, ret, err);
}

int jread_num_opt(const json_t *o, const char *key, double *ret, struct err *err)
{
	return read_num(o, key, false, ret, err);
}

int jread_bool_opt(const json_t *o, const char *key, bool *ret, struct err *err)
{
	const json_t *v = NULL;
	int rc = member(o, key, false, &v, err);

	if (rc < 0 || !v)
		return rc;
	if (!json_is_boolean(v))
		return wrong_type(key, "true or false", err);
	*ret = json_is_true(v);
	return 0;
}

int jread_duration_opt(const json_t *o, const char *key, int64_t *ret, struct err *err)
{
	const char *text = NULL;
	int rc = read_str(o, key, false, &text, err);

	if (rc < 0 || !text)
		return rc;
	rc = clock_parse_duration(text, ret, err);
	return rc < 0 ? err_wrap(err, rc, "\"%s\"", key) : 0;
}

int jread_time_opt(const json_t *o, const char *key, int64_t *ret, struct err *err)
{
	const char *text = NULL;
	int rc = read_str(o, key, false, &text, err);

	if (rc < 0 || !text)
		return rc;
	rc = clock_parse(text, ret, err);
	return rc < 0 ? err_wrap(err, rc, "\"%s\"", key) : 0;
}

int json_only(const json_t *o, const char *const *keys, struct err *err)
{
	/* jansson iterates only over mutable objects; nothing is changed here. */
	json_t *mutable = json_incref((json_t *)(uintptr_t)o);
	const char *key;
	json_t *value;
	int rc = 0;

	json_object_foreach(mutable, key, value)
	{
		const char *const *k = keys;

		while (*k && strcmp(*k, key) != 0)
			k++;
		if (!*k) {
			rc = err_set(err, ERR_INVAL, "unknown member \"%s\"", key);
			break;
		}
	}
	json_decref(mutable);
	return rc;
}

json_t *json_text(const char *text)
{
	json_t *v = text ? json_string(text) : json_null();
	CLEANUP(free) char *copy = v ? NULL : xstrdup(text);

	if (v)
		return v;
	utf8_mend(copy);
	return json_string(copy);
}

json_t *json_finite(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

json_t *json_time(int64_t unix_ms)
{
	char text[CLOCK_TEXT];

	return unix_ms ? json_string(clock_format(unix_ms, text)) : json_null();
}

void json_add_string(struct buf *b, const char *text)
{
	buf_putc(b, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c < 0x20)
			buf_printf(b, "\\u%04x", c);
		else
			buf_putc(b, (char)c);
	}
	buf_putc(b, '"');
}
