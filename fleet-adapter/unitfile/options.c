/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include "check.h"
#include "text.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct unit_file *unit_file_new(const char *what)
{
	struct unit_file *u = xcalloc(1, sizeof(*u));

	u->what = xstrdup(what);
	return u;
}

void unit_file_free(struct unit_file *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->n; i++) {
		free(u->options[i].section);
		free(u->options[i].name);
		free(u->options[i].value);
		free(u->options[i].raw);
	}
	free(u->options);
	free(u->what);
	free(u);
}

struct unit_option *unit_file_append(struct unit_file *u, const char *section,
				     const char *name)
{
	struct unit_option *o;

	u->options = xrealloc(u->options, (u->n + 1) * sizeof(*u->options));
	o = &u->options[u->n++];
	*o = (struct unit_option){ .section = xstrdup(section), .name = xstrdup(name) };
	return o;
}

static bool is_option(const struct unit_option *o, const char *section, const char *name)
{
	return strcmp(o->section, section) == 0 && strcmp(o->name, name) == 0;
}

const char *unit_file_get(const struct unit_file *u, const char *section,
			  const char *name)
{
	for (size_t i = u->n; i-- > 0;)
		if (is_option(&u->options[i], section, name))
			return u->options[i].value;
	return NULL;
}

const struct unit_option *unit_file_next(const struct unit_file *u, const char *section,
					 const char *name, const struct unit_option *prev)
{
	size_t i = prev ? (size_t)(prev - u->options) + 1 : 0;

	if (!prev)
		for (size_t k = 0; k < u->n; k++)
			if (is_option(&u->options[k], section, name) &&
			    !*u->options[k].value)
				i = k + 1;
	for (; i < u->n; i++)
		if (is_option(&u->options[i], section, name))
			return &u->options[i];
	return NULL;
}

int unit_file_refuse(const struct unit_file *u, const struct unit_option *o,
		     struct err *err, const char *fmt, ...)
{
	CLEANUP(buf_done) struct buf words;
	va_list ap;

	buf_init(&words, ERR_MSG_MAX * 4);
	va_start(ap, fmt);
	buf_vprintf(&words, fmt, ap);
	va_end(ap);
	return err_set(err, ERR_INVAL, "%s:%d: [%s] %s: %s", u->what, o->line, o->section,
		       o->name, buf_str(&words));
}

static bool is_first_of_section(const struct unit_file *u, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(u->options[k].section, u->options[i].section) == 0)
			return false;
	return true;
}

void unit_file_text(const struct unit_file *u, struct buf *ret)
{
	for (size_t i = 0; i < u->n; i++) {
		if (!is_first_of_section(u, i))
			continue;
		buf_printf(ret, "%s[%s]\n", i ? "\n" : "", u->options[i].section);
		for (size_t k = i; k < u->n; k++)
			if (strcmp(u->options[k].section, u->options[i].section) == 0)
				buf_printf(ret, "%s=%s\n", u->options[k].name,
					   u->options[k].raw);
	}
}

void unit_file_hash(const struct unit_file *u, char ret[UNIT_HASH_TEXT])
{
	CLEANUP(buf_done) struct buf text;
	unsigned char digest[20];

	/* Never more than what was parsed, with its headers. */
	buf_init(&text, SIZE_MAX / 2);
	unit_file_text(u, &text);
	CHECK(gnutls_hash_fast(GNUTLS_DIG_SHA1, buf_str(&text), text.len, digest) == 0);
	hex_encode(digest, sizeof(digest), ret);
}
