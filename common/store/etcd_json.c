/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "etcd_json.h"

#include "check.h"
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---------------------------------------------------------------- writing */

static void add_name(struct buf *b, const char *name)
{
	if (b->len && !strchr("{[:\n", b->data[b->len - 1]))
		buf_putc(b, ',');
	if (name)
		buf_printf(b, "\"%s\":", name);
}

void ejson_open(struct buf *b, const char *name, char bracket)
{
	add_name(b, name);
	buf_putc(b, bracket);
}

void ejson_close(struct buf *b, char bracket)
{
	buf_putc(b, bracket);
}

void ejson_add_int(struct buf *b, const char *name, int64_t v)
{
	if (v == 0)
		return;
	add_name(b, name);
	buf_printf(b, "\"%" PRId64 "\"", v);
}

void ejson_add_uint(struct buf *b, const char *name, uint64_t v)
{
	if (v == 0)
		return;
	add_name(b, name);
	buf_printf(b, "\"%" PRIu64 "\"", v);
}

void ejson_add_true(struct buf *b, const char *name, bool v)
{
	if (!v)
		return;
	add_name(b, name);
	buf_puts(b, "true");
}

void ejson_add_bytes(struct buf *b, const char *name, const void *data, size_t n)
{
	if (n == 0 && name)
		return;
	add_name(b, name);
	buf_putc(b, '"');
	base64_encode(b, data, n);
	buf_putc(b, '"');
}

void ejson_add_word(struct buf *b, const char *name, const char *word)
{
	add_name(b, name);
	buf_printf(b, "\"%s\"", word);
}

void ejson_add_text(struct buf *b, const char *name, const char *text)
{
	add_name(b, name);
	json_add_string(b, text);
}

/* ---------------------------------------------------------------- reading */

const json_t *ejson_get(const json_t *o, const char *name)
{
	char camel[64];
	size_t n = 0;
	const json_t *v = json_object_get(o, name);

	if (v)
		return json_is_null(v) ? NULL : v;
	for (const char *s = name; *s && n + 1 < sizeof(camel); s++) {
		if (*s == '_' && s[1])
			camel[n++] = (char)toupper((unsigned char)*++s);
		else
			camel[n++] = *s;
	}
	camel[n] = '\0';
	v = json_object_get(o, camel);
	return json_is_null(v) ? NULL : v;
}

int ejson_read_int(const json_t *o, const char *name, int64_t *ret, struct err *err)
{
	const json_t *v = ejson_get(o, name);
	const char *text;
	char *end;

	*ret = 0;
	if (!v)
		return 0;
	if (json_is_integer(v)) {
		*ret = json_integer_value(v);
		return 0;
	}
	text = json_string_value(v);
	if (!text || !*text || isspace((unsigned char)*text))
		return err_set(err, ERR_INVAL, "\"%s\" must be an integer", name);
	errno = 0;
	*ret = strtoll(text, &end, 10);
	if (errno == ERANGE) /* ids are unsigned on the wire */
		*ret = (int64_t)strtoull(text, &end, 10);
	if (*end)
		return err_set(err, ERR_INVAL, "\"%s\" must be an integer", name);
	return 0;
}

int ejson_read_bool(const json_t *o, const char *name, bool *ret, struct err *err)
{
	const json_t *v = ejson_get(o, name);

	*ret = json_is_true(v);
	if (v && !json_is_boolean(v))
		return err_set(err, ERR_INVAL, "\"%s\" must be true or false", name);
	return 0;
}

int ejson_read_bytes(const json_t *o, const char *name, char **ret, size_t *ret_len,
		     struct err *err)
{
	const json_t *v = ejson_get(o, name);
	int rc;

	if (!v) {
		*ret = xstrdup("");
		*ret_len = 0;
		return 0;
	}
	if (!json_is_string(v))
		return err_set(err, ERR_INVAL, "\"%s\" must be base64 text", name);
	rc = base64_decode(json_string_value(v), json_string_length(v), ret, ret_len,
			   err);
	return rc < 0 ? err_wrap(err, rc, "\"%s\"", name) : 0;
}

int ejson_read_enum(const json_t *o, const char *name, const char *const *words, int *ret,
		    struct err *err)
{
	const json_t *v = ejson_get(o, name);
	const char *text = json_string_value(v);

	*ret = 0;
	if (!v)
		return 0;
	for (int i = 0; words[i]; i++) {
		if (text ? strcmp(text, words[i]) != 0
			 : !json_is_integer(v) || json_integer_value(v) != i)
			continue;
		*ret = i;
		return 0;
	}
	return err_set(err, ERR_INVAL, "unknown value \"%s\" for \"%s\"",
		       text ? text : "?", name);
}

int ejson_read_array(const json_t *o, const char *name, const json_t **ret,
		     struct err *err)
{
	const json_t *v = ejson_get(o, name);

	if (v && !json_is_array(v))
		return err_set(err, ERR_INVAL, "\"%s\" must be a list", name);
	*ret = v;
	return 0;
}
