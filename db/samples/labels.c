/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "labels.h"

#include <stdlib.h>
#include <string.h>

static bool name_ok(const char *s, bool colon)
{
	if (!*s || (*s >= '0' && *s <= '9'))
		return false;
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		      (*s >= '0' && *s <= '9') || *s == '_' || (colon && *s == ':')))
			return false;
	return true;
}

bool labels_name_ok(const char *name)
{
	return name_ok(name, false);
}

bool labels_metric_ok(const char *name)
{
	return name_ok(name, true);
}

static int by_name(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void labels_escape(const char *value, struct buf *out)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			buf_putc(out, '\\');
		if (*value == '\n')
			buf_puts(out, "\\n");
		else
			buf_putc(out, *value);
	}
}

int labels_format(struct label *l, size_t n, struct buf *out, struct err *err)
{
	const char *sep = "";
	size_t start = out->len;

	if (n > LABELS_MAX)
		return err_set(err, ERR_LIMIT, "%zu labels, at most %d are allowed", n,
			       LABELS_MAX);
	if (n > 1)
		qsort(l, n, sizeof(*l), by_name);
	for (size_t i = 0; i < n; i++) {
		if (!labels_name_ok(l[i].name))
			return err_set(err, ERR_INVAL, "'%s' is not a label name",
				       l[i].name);
		if (i && strcmp(l[i].name, l[i - 1].name) == 0)
			return err_set(err, ERR_INVAL, "label '%s' is given twice",
				       l[i].name);
		if (!*l[i].value)
			continue;
		buf_printf(out, "%s%s=\"", sep, l[i].name);
		labels_escape(l[i].value, out);
		buf_putc(out, '"');
		sep = ",";
	}
	if (buf_is_full(out) || out->len - start > LABELS_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "the labels are longer than %u bytes",
			       LABELS_MAX_BYTES);
	return 0;
}

bool labels_next(const char **pos, struct label_span *ret)
{
	const char *p = *pos;

	if (*p == ',')
		p++;
	ret->name = p;
	p = strchr(p, '=');
	if (!p || p[1] != '"')
		return false;
	ret->name_len = (size_t)(p - ret->name);
	p += 2;
	ret->value = p;
	while (*p && *p != '"')
		p += *p == '\\' && p[1] ? 2 : 1;
	if (*p != '"')
		return false;
	ret->value_len = (size_t)(p - ret->value);
	*pos = p + 1;
	return true;
}

bool labels_get(const char *labels, const char *name, struct label_span *ret)
{
	size_t len = strlen(name);

	while (labels_next(&labels, ret))
		if (ret->name_len == len && memcmp(ret->name, name, len) == 0)
			return true;
	return false;
}

void labels_unescape(const struct label_span *s, struct buf *out)
{
	for (size_t i = 0; i < s->value_len; i++) {
		char c = s->value[i];

		if (c == '\\' && i + 1 < s->value_len) {
			c = s->value[++i];
			c = c == 'n' ? '\n' : c;
		}
		buf_putc(out, c);
	}
}
