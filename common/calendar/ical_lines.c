/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ical_lines.h"

#include "check.h"
#include "cleanup.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 8
#define NAME_MAX_BYTES 32
#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"

struct reading {
	const char *what;
	int line;
	int depth;
	char open[DEPTH_MAX][NAME_MAX_BYTES]; /* names of the open components */
	size_t calendars;
	int *lines;
	size_t n, max;
	struct err *err;
};

static int wrong(struct reading *r, const char *words, const char *about)
{
	return err_set(r->err, ERR_INVAL, "%s:%d: %s%.60s", r->what, r->line, words,
		       about);
}

static int on_begin(struct reading *r, const char *name)
{
	if (!*name || strlen(name) >= NAME_MAX_BYTES)
		return wrong(r, "BEGIN: names no component", "");
	if ((r->depth == 0) != (strcasecmp(name, "VCALENDAR") == 0) ||
	    (r->depth == 0 && r->calendars++))
		return wrong(r, "everything must be in one VCALENDAR; here begins ",
			     name);
	if (r->depth == DEPTH_MAX)
		return wrong(r, "components are nested too deep at ", name);
	if (r->depth != 1 && strcasecmp(name, "VEVENT") == 0)
		return wrong(r, "a VEVENT must be in the VCALENDAR, not in ",
			     r->open[r->depth - 1]);
	if (strcasecmp(name, "VEVENT") == 0) {
		if (r->n == r->max)
			return err_set(r->err, ERR_LIMIT, "%s: more than %zu events",
				       r->what, r->max);
		r->lines[r->n++] = r->line;
	}
	memcpy(r->open[r->depth++], name, strlen(name) + 1);
	return 0;
}

static int on_end(struct reading *r, const char *name)
{
	if (r->depth == 0 || strcasecmp(r->open[r->depth - 1], name) != 0)
		return wrong(r, "END without BEGIN: ", name);
	r->depth--;
	return 0;
}

/* An unfolded line; continuations begin with a blank. */
static int on_line(struct reading *r, char *line)
{
	size_t name = strspn(line, NAME_CHARS);

	if (!*line || *line == ' ' || *line == '\t')
		return *line && r->calendars == 0 ? wrong(r, "no BEGIN:VCALENDAR", "")
						  : 0;
	if (name == 0 || (line[name] != ':' && line[name] != ';'))
		return wrong(r, "is not NAME:value: ", line);
	if (strncasecmp(line, "BEGIN:", 6) == 0)
		return on_begin(r, line + 6);
	if (strncasecmp(line, "END:", 4) == 0)
		return on_end(r, line + 4);
	return r->depth ? 0 : wrong(r, "outside of a VCALENDAR: ", line);
}

int ical_lines_check(const char *text, const char *what, int *ret_lines, size_t max,
		     size_t *ret_n, struct err *err)
{
	struct reading r = { .what = what, .lines = ret_lines, .max = max, .err = err };
	CLEANUP(free) char *copy = xstrdup(text);
	char *next = copy, *line;

	while ((line = strsep(&next, "\n"))) {
		size_t len = strlen(line);
		int rc;

		r.line++;
		while (len && strchr("\r \t", line[len - 1]))
			line[--len] = '\0';
		rc = on_line(&r, line);
		if (rc < 0)
			return rc;
	}
	if (r.depth)
		return wrong(&r, "the file ends within ", r.open[r.depth - 1]);
	if (!r.calendars)
		return err_set(err, ERR_INVAL, "%s: has no VCALENDAR", what);
	*ret_n = r.n;
	return 0;
}
