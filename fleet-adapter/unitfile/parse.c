/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parse.h"

#include "check.h"
#include "utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " \t"

static bool is_text(const char *s, size_t n)
{
	uint32_t rune;
	size_t len;

	for (; n > 0; s += len, n -= len) {
		len = utf8_rune(s, n, &rune);
		if ((len == 1 && rune == 0xfffd) || (rune < 0x20 && rune != '\t') ||
		    rune == 0x7f)
			return false;
	}
	return true;
}

/* Cuts blanks at both ends, in place. */
static char *trim(char *s)
{
	char *end;

	s += strspn(s, BLANKS);
	end = s + strlen(s);
	while (end > s && strchr(BLANKS, end[-1]))
		*--end = '\0';
	return s;
}

/* A backslash at the end, unless preceded by another, continues the line. */
static bool is_continued(const char *s, size_t len)
{
	size_t slashes = 0;

	while (slashes < len && s[len - 1 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 1;
}

static void cut_blanks(struct buf *b)
{
	while (b->len > 0 && strchr(BLANKS, b->data[b->len - 1]))
		b->data[--b->len] = '\0';
}

/* A value must not end so that it would swallow the line after it in the
 * canonical text. */
static void cut_tail(struct buf *b)
{
	while (b->len > 0 && (strchr(BLANKS "\n", b->data[b->len - 1]) ||
			      is_continued(b->data, b->len)))
		b->data[--b->len] = '\0';
}

struct parsing {
	struct unit_file *u;
	int line;
	char section[UNIT_LINE_MAX + 1];
	char name[UNIT_LINE_MAX +
		  1]; /* of the option whose value continues; "" for none */
	int name_line;
	struct buf raw;
	struct buf value;
	struct err *err;
};

static int refuse(struct parsing *p, int code, const char *why)
{
	return err_set(p->err, code, "%s:%d: %s", p->u->what, p->line, why);
}

static void end_value(struct parsing *p)
{
	struct unit_option *o;

	if (!*p->name)
		return;
	o = unit_file_append(p->u, p->section, p->name);
	o->line = p->name_line;
	cut_tail(&p->raw);
	cut_tail(&p->value);
	o->raw = buf_take(&p->raw);
	o->value = buf_take(&p->value);
	p->name[0] = '\0';
}

/* Adds one line of a value, which ends the value unless it ends in a backslash. */
static void add_to_value(struct parsing *p, char *line)
{
	size_t len = strlen(line);
	bool goes_on = is_continued(line, len);
	const char *text;

	if (goes_on)
		line[--len] = '\0';
	text = line + strspn(line, BLANKS);
	if (*text) {
		if (p->raw.len) {
			buf_puts(&p->raw, "\\\n");
			cut_blanks(&p->value);
			buf_putc(&p->value, ' ');
		}
		buf_puts(&p->raw, p->raw.len ? line : text);
		buf_puts(&p->value, text);
	}
	if (!goes_on)
		end_value(p);
}

static int read_section(struct parsing *p, char *line)
{
	char *end = strchr(line, ']');

	if (!end || *trim(end + 1))
		return refuse(p, ERR_INVAL,
			      "a section is written [Name], alone on its line");
	*end = '\0';
	if (end == line + 1 || strchr(line + 1, '['))
		return refuse(p, ERR_INVAL, "a section needs a name without brackets");
	snprintf(p->section, sizeof(p->section), "%s", line + 1);
	return 0;
}

static int read_option(struct parsing *p, char *line)
{
	char *equals = strchr(line, '=');

	if (!equals)
		return refuse(p, ERR_INVAL,
			      "expected [Section], Name=Value or a comment");
	*equals = '\0';
	line = trim(line);
	if (!*line)
		return refuse(p, ERR_INVAL, "there is no name before the =");
	if (p->u->n == UNIT_OPTIONS_MAX)
		return refuse(p, ERR_LIMIT, "there are more than 4096 options");
	if (!*p->section)
		return refuse(p, ERR_INVAL, "an option comes before the first [Section]");
	snprintf(p->name, sizeof(p->name), "%s", line);
	p->name_line = p->line;
	add_to_value(p, equals + 1);
	return 0;
}

static int read_line(struct parsing *p, const char *start, size_t len)
{
	char line[UNIT_LINE_MAX + 1];
	char *text;

	p->line++;
	if (len > 0 && start[len - 1] == '\r')
		len--;
	if (len > UNIT_LINE_MAX)
		return refuse(p, ERR_LIMIT, "the line is longer than 2048 bytes");
	if (!is_text(start, len))
		return refuse(p, ERR_INVAL,
			      "the line has control characters or is not UTF-8");
	memcpy(line, start, len);
	line[len] = '\0';
	text = line + strspn(line, BLANKS);
	if (*text == '#' || *text == ';')
		return 0;
	if (*p->name) {
		add_to_value(p, line);
		return 0;
	}
	if (!*text)
		return 0;
	return *text == '[' ? read_section(p, text) : read_option(p, text);
}

static int read_lines(struct parsing *p, const char *text, size_t len)
{
	const char *end = text + len;
	int rc = 0;

	while (rc == 0 && text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));

		rc = read_line(p, text, (size_t)((eol ? eol : end) - text));
		text = eol ? eol + 1 : end;
	}
	end_value(p);
	return rc;
}

int unit_file_parse(const char *text, size_t len, const char *what,
		    struct unit_file **ret, struct err *err)
{
	CLEANUP(unit_file_free) struct unit_file *u = unit_file_new(what);
	struct parsing p = { .u = u, .err = err };
	int rc;

	if (len > UNIT_FILE_MAX)
		return err_set(err, ERR_LIMIT, "%s is larger than %d bytes", what,
			       UNIT_FILE_MAX);
	buf_init(&p.raw, UNIT_FILE_MAX);
	buf_init(&p.value, UNIT_FILE_MAX);
	rc = read_lines(&p, text, len);
	buf_done(&p.raw);
	buf_done(&p.value);
	if (rc == 0)
		*ret = TAKE(u);
	return rc;
}

int unit_file_add(struct unit_file *u, const char *section, const char *name,
		  const char *value, struct err *err)
{
	CLEANUP(unit_file_free) struct unit_file *one = NULL;
	CLEANUP(buf_done) struct buf text;
	struct unit_option *o;
	int rc;

	buf_init(&text, UNIT_FILE_MAX);
	buf_printf(&text, "[%s]\n%s=%s\n", section, name, value);
	if (buf_is_full(&text))
		return err_set(err, ERR_LIMIT, "%s: option %s is too long", u->what,
			       name);
	rc = unit_file_parse(text.data, text.len, u->what, &one, err);
	if (rc < 0)
		return err_wrap(err, rc, "option %.80s in [%.80s]", name, section);
	if (one->n != 1 || strcmp(one->options[0].section, section) != 0 ||
	    strcmp(one->options[0].name, name) != 0)
		return err_set(err, ERR_INVAL,
			       "%s: option %.80s in [%.80s] cannot be written to a file",
			       u->what, name, section);
	o = unit_file_append(u, section, name);
	o->value = TAKE(one->options[0].value);
	o->raw = TAKE(one->options[0].raw);
	return 0;
}
