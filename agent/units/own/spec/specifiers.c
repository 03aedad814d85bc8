/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "specifiers.h"

#include "buf.h"
#include "check.h"
#include "words.h"

#include <string.h>

#define WORD_MAX_BYTES (64 * 1024)

/* Undoes systemd's escaping of instance names: - is /, \xHH is a byte. */
static void add_unescaped(struct buf *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c;

		if (s[i] == '-') {
			buf_putc(b, '/');
		} else if (s[i] == '\\' && i + 3 < len && s[i + 1] == 'x' &&
			   unit_digits(s + i + 2, 16, 2, &c) == 0) {
			buf_putc(b, c);
			i += 3;
		} else {
			buf_putc(b, s[i]);
		}
	}
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void add_name_part(struct buf *b, char c, const char *unit)
{
	const char *dot = strrchr(unit, '.');
	const char *at = strchr(unit, '@');
	size_t stem = dot ? (size_t)(dot - unit) : strlen(unit);
	size_t prefix = at && (size_t)(at - unit) < stem ? (size_t)(at - unit) : stem;
	size_t instance = prefix < stem ? prefix + 1 : stem;
	const char *dash;

	switch (c) {
	case 'n':
		buf_puts(b, unit);
		break;
	case 'N':
		buf_add(b, unit, stem);
		break;
	case 'p':
		buf_add(b, unit, prefix);
		break;
	case 'i':
		buf_add(b, unit + instance, stem - instance);
		break;
	case 'I':
		add_unescaped(b, unit + instance, stem - instance);
		break;
	default: /* 'j': after the last dash of the prefix */
		dash = memrchr(unit, '-', prefix);
		dash = dash ? dash + 1 : unit;
		buf_add(b, dash, prefix - (size_t)(dash - unit));
	}
}

static const char *fixed_specifier(char c, const struct unit_specifiers *s)
{
	switch (c) {
	case 'H':
	case 'l':
		return or_empty(s->host);
	case 'm':
		return or_empty(s->machine_id);
	case 'b':
		return or_empty(s->boot_id);
	case 'u':
		return s->user ? s->user : "root";
	case 'h':
		return s->home ? s->home : "/root";
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
	case 'T':
		return "/tmp";
	case 'V':
		return "/var/tmp";
	case '%':
		return "%";
	default:
		return NULL;
	}
}

int unit_specifiers_expand(const char *text, const struct unit_specifiers *s, char **ret,
			   struct err *err)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, WORD_MAX_BYTES);
	for (; *text; text++) {
		const char *fixed;

		if (*text != '%') {
			buf_putc(&b, *text);
			continue;
		}
		text++;
		if (*text && strchr("nNpiIj", *text)) {
			add_name_part(&b, *text, s->unit);
			continue;
		}
		fixed = fixed_specifier(*text, s);
		if (!fixed)
			return err_set(err, ERR_INVAL, "the specifier %%%c is unknown",
				       *text ? *text : ' ');
		buf_puts(&b, fixed);
	}
	if (buf_is_full(&b))
		return err_set(err, ERR_LIMIT, "a value is longer than %d bytes",
			       WORD_MAX_BYTES);
	*ret = buf_take(&b);
	return 0;
}
