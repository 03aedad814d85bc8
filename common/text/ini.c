/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ini.h"

#include "buf.h"
#include "check.h"
#include "cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int conf_read_file(const char *path, size_t max_bytes, char **ret, size_t *ret_len,
		   struct err *err)
{
	CLEANUP(fclose) FILE *f = fopen(path, "re");
	CLEANUP(buf_done) struct buf b;
	char chunk[4096];
	size_t n;

	buf_init(&b, max_bytes);
	if (!f)
		return err_errno(err,
				 errno == ENOENT   ? ERR_NOT_FOUND
				 : errno == EACCES ? ERR_DENIED
						   : ERR_INTERNAL,
				 "%s", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	if (ferror(f))
		return err_errno(err, ERR_INTERNAL, "reading %s", path);
	if (buf_is_full(&b))
		return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path,
			       max_bytes);
	if (ret_len)
		*ret_len = b.len;
	*ret = buf_take(&b);
	return 0;
}

/*
 * Not inih: Debian's build of it truncates lines at 200 bytes, which access tokens
 * exceed, and reports no line numbers.
 */
struct reading {
	const char *what;
	int line;
	char section[128];
	char name[128];
	struct buf value; /* of the pair that a following indented line may continue */
	int value_line;
	conf_each_fn *fn;            /* or NULL */
	conf_section_fn *section_fn; /* or NULL */
	void *arg;
	struct err *err;
};

static int refuse(struct reading *r, const char *why)
{
	return err_set(r->err, ERR_INVAL, "%s:%d: %s", r->what, r->line, why);
}

static int flush_pair(struct reading *r)
{
	int rc = 0;

	if (*r->name && r->fn)
		rc = r->fn(r->arg, r->section, r->name, buf_str(&r->value), r->value_line,
			   r->err);
	if (rc < 0)
		(void)err_wrap(r->err, rc, "%s:%d", r->what, r->value_line);
	r->name[0] = '\0';
	buf_clear(&r->value);
	return rc;
}

/* Cuts blanks at both ends and a comment that follows a blank. */
static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t");
	for (char *p = s; (p = strpbrk(p, ";")); p++)
		if (p > s && (p[-1] == ' ' || p[-1] == '\t'))
			*p-- = '\0';
	end = s + strlen(s);
	while (end > s && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return s;
}

static int read_section(struct reading *r, char *line)
{
	char *end = strchr(line, ']');
	int rc = flush_pair(r);

	if (rc < 0)
		return rc;
	if (!end || *trim(end + 1) || (size_t)(end - line) > sizeof(r->section))
		return refuse(r, "a section is written [name]");
	*end = '\0';
	snprintf(r->section, sizeof(r->section), "%s", trim(line + 1));
	rc = r->section_fn ? r->section_fn(r->arg, r->section, r->line, r->err) : 0;
	return rc < 0 ? err_wrap(r->err, rc, "%s:%d", r->what, r->line) : rc;
}

static int read_pair(struct reading *r, char *line)
{
	char *equals = strchr(line, '=');
	int rc = flush_pair(r);

	if (rc < 0)
		return rc;
	if (!equals || equals == line)
		return refuse(r, "expected [section] or name = value");
	*equals = '\0';
	line = trim(line);
	if (!*line || strlen(line) >= sizeof(r->name))
		return refuse(r, "the name is empty or too long");
	snprintf(r->name, sizeof(r->name), "%s", line);
	buf_puts(&r->value, trim(equals + 1));
	r->value_line = r->line;
	return 0;
}

static int read_line(struct reading *r, char *line)
{
	bool indented = *line == ' ' || *line == '\t';
	char *text = line + strspn(line, " \t\r");

	if (!*text)
		return flush_pair(r);
	if (*text == '#' || *text == ';')
		return 0;
	if (indented && *r->name) {
		if (r->value.len > 0)
			buf_putc(&r->value, ' ');
		buf_puts(&r->value, trim(text));
		return 0;
	}
	return *text == '[' ? read_section(r, text) : read_pair(r, text);
}

static int read_all(struct reading *r, const char *text)
{
	CLEANUP(free) char *copy = xstrdup(text);
	char *next = copy;
	int rc = 0;

	buf_init(&r->value, INI_MAX_BYTES);
	while (rc == 0 && next) {
		char *line = strsep(&next, "\n");

		r->line++;
		rc = read_line(r, line);
	}
	if (rc == 0)
		rc = flush_pair(r);
	buf_done(&r->value);
	return rc;
}

int conf_each(const char *text, const char *what, conf_each_fn *fn, void *arg,
	      struct err *err)
{
	struct reading r = { .what = what, .fn = fn, .arg = arg, .err = err };

	return read_all(&r, text);
}

int conf_each_section(const char *text, const char *what, conf_section_fn *fn, void *arg,
		      struct err *err)
{
	struct reading r = { .what = what, .section_fn = fn, .arg = arg, .err = err };

	return read_all(&r, text);
}
