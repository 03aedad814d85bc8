/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "specifiers.h"

#include "buf.h"
#include "check.h"
#include "name.h"

#include <ctype.h>
#include <string.h>

/* The part that c stands for in fleet and systemd; NULL for another specifier. */
static const char *name_part(char c, const char *name, char ret[UNIT_NAME_TEXT])
{
	switch (c) {
	case 'n':
		return name;
	case 'N':
		return unit_name_stem(name, ret);
	case 'p':
		return unit_name_prefix(name, ret);
	case 'i':
		return unit_name_instance(name, ret);
	default:
		return NULL;
	}
}

char *unit_expand_fleet(const char *text, const char *name)
{
	CLEANUP(buf_done) struct buf out;
	char part[UNIT_NAME_TEXT];

	buf_init(&out, (strlen(text) + 1) * UNIT_NAME_TEXT);
	for (const char *p = text; *p; p++) {
		const char *value = *p == '%' ? name_part(p[1], name, part) : NULL;

		if (value) {
			buf_puts(&out, value);
			p++;
		} else {
			buf_putc(&out, *p);
		}
	}
	return buf_take(&out);
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Undoes systemd's escaping: "-" is "/", "\x2d" is "-". In place. */
static const char *unescape(char *s)
{
	char *to = s;

	for (const char *p = s; *p; p++) {
		if (p[0] == '\\' && p[1] == 'x' && hex(p[2]) >= 0 && hex(p[3]) >= 0) {
			*to++ = (char)(hex(p[2]) * 16 + hex(p[3]));
			p += 3;
		} else {
			*to++ = *p == '-' ? '/' : *p;
		}
	}
	*to = '\0';
	return s;
}

static const char *systemd_part(char c, const struct unit_context *ctx,
				char part[UNIT_NAME_TEXT])
{
	switch (c) {
	case 'P':
		unit_name_prefix(ctx->name, part);
		return unescape(part);
	case 'I':
		unit_name_instance(ctx->name, part);
		return unescape(part);
	case 'H':
		return ctx->host;
	case 't':
		return "/run";
	case 'S':
		return "/var/lib";
	case 'C':
		return "/var/cache";
	case 'L':
		return "/var/log";
	case 'E':
		return "/etc";
	case '%':
		return "%";
	default:
		return name_part(c, ctx->name, part);
	}
}

int unit_expand(const char *text, const struct unit_context *ctx, char **ret,
		struct err *err)
{
	CLEANUP(buf_done) struct buf out;
	char part[UNIT_NAME_TEXT];

	buf_init(&out, (strlen(text) + 1) * UNIT_NAME_TEXT);
	for (const char *p = text; *p; p++) {
		const char *value;

		if (*p != '%') {
			buf_putc(&out, *p);
			continue;
		}
		value = systemd_part(*++p, ctx, part);
		if (!value)
			return err_set(err, ERR_INVAL, "%%%.1s is an unknown specifier",
				       p);
		buf_puts(&out, value);
	}
	*ret = buf_take(&out);
	return 0;
}
