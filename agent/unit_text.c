/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit_text.h"

#include "buf.h"
#include "check.h"

#include <string.h>

#define LINE_MAX_BYTES (1 << 20)

struct reading {
	char section[128];
	int line;
	struct buf joined;
	unit_text_fn *fn;
	void *arg;
	struct err *err;
};

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return s;
}

static int read_line(struct reading *r, char *line)
{
	char *equals;

	line = trim(line);
	if (!*line)
		return 0;
	if (*line == '[') {
		char *end = strchr(line, ']');

		if (!end || end[1] || end - line > (long)sizeof(r->section))
			return err_set(r->err, ERR_INVAL, "line %d: bad section",
				       r->line);
		*end = '\0';
		snprintf(r->section, sizeof(r->section), "%s", line + 1);
		return 0;
	}
	equals = strchr(line, '=');
	if (!equals || equals == line)
		return err_set(r->err, ERR_INVAL, "line %d: expected NAME=VALUE",
			       r->line);
	*equals = '\0';
	return r->fn(r->arg, r->section, trim(line), trim(equals + 1), r->err);
}

int unit_text_each(const char *text, unit_text_fn *fn, void *arg, struct err *err)
{
	struct reading r = { .fn = fn, .arg = arg, .err = err };
	CLEANUP(free) char *copy = xstrdup(text);
	char *next = copy, *line;
	int rc = 0;

	buf_init(&r.joined, LINE_MAX_BYTES);
	while (rc == 0 && (line = strsep(&next, "\n"))) {
		char *head = line + strspn(line, " \t\r");
		size_t len = strlen(line);

		r.line++;
		if (*head == '#' || *head == ';')
			continue;
		if (len && line[len - 1] == '\\') {
			buf_add(&r.joined, line, len - 1);
			buf_putc(&r.joined, ' ');
			continue;
		}
		buf_add(&r.joined, line, len);
		rc = read_line(&r, r.joined.data);
		buf_clear(&r.joined);
	}
	if (rc == 0 && r.joined.len)
		rc = read_line(&r, r.joined.data);
	buf_done(&r.joined);
	return rc;
}
