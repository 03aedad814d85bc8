/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conf.h"

#include "buf.h"
#include "check.h"
#include "cleanup.h"
#include "clock.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES (1 << 20)

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

/* ---------------------------------------------------------------- INI */

/*
 * Written here and not left to inih: Debian's build of it cuts lines at 200 bytes, which
 * access tokens pass, and cannot tell line numbers.
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

	buf_init(&r->value, FILE_MAX_BYTES);
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

/* ---------------------------------------------------------------- single values */

int conf_parse_number(const char *text, double *ret, struct err *err)
{
	char *end;
	double x;

	errno = 0;
	x = strtod(text, &end);
	if (end != text && strcmp(end, "%") == 0) {
		x /= 100;
		end++;
	}
	if (errno || end == text || *end || !isfinite(x))
		return err_set(err, ERR_INVAL, "'%s' is no number", text);
	*ret = x;
	return 0;
}

int conf_parse_int(const char *text, int64_t *ret, struct err *err)
{
	char *end;
	long long x;

	errno = 0;
	x = strtoll(text, &end, 10);
	if (errno || end == text || *end)
		return err_set(err, ERR_INVAL, "'%s' is no whole number", text);
	*ret = x;
	return 0;
}

int conf_parse_bool(const char *text, bool *ret, struct err *err)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*ret = strcasecmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return err_set(err, ERR_INVAL, "'%s' is neither yes nor no", text);
}

/* ---------------------------------------------------------------- option tables */

static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *p = choices; p; p = strchr(p, '|')) {
		p += *p == '|';
		if (strncmp(p, value, len) == 0 && (p[len] == '|' || p[len] == '\0'))
			return true;
	}
	return false;
}

static int in_range(const struct conf_option *o, double x, struct err *err)
{
	char low[CLOCK_TEXT], high[CLOCK_TEXT];

	if (o->min >= o->max || (x >= o->min && x <= o->max))
		return 0;
	if (o->type != CONF_DURATION)
		return err_set(err, ERR_INVAL, "must be from %g to %g", o->min, o->max);
	return err_set(err, ERR_INVAL, "must be from %s to %s",
		       clock_format_duration((int64_t)o->min, low),
		       clock_format_duration((int64_t)o->max, high));
}

static int set_string(const struct conf_option *o, char **place, const char *value,
		      struct err *err)
{
	if (o->choices && !is_choice(o->choices, value))
		return err_set(err, ERR_INVAL, "'%s' is none of %s", value, o->choices);
	free(*place);
	*place = xstrdup(value);
	return 0;
}

static int set_value(const struct conf_option *o, void *target, const char *value,
		     struct err *err)
{
	void *place = (char *)target + o->offset;
	int64_t whole;
	double x;
	bool yes;
	int rc = 0;

	switch (o->type) {
	case CONF_STRING:
		return set_string(o, place, value, err);
	case CONF_INT:
	case CONF_DURATION:
		rc = o->type == CONF_INT ? conf_parse_int(value, &whole, err)
					 : clock_parse_duration(value, &whole, err);
		if (rc == 0)
			rc = in_range(o, (double)whole, err);
		if (rc == 0)
			*(int64_t *)place = whole;
		return rc;
	case CONF_NUMBER:
		rc = conf_parse_number(value, &x, err);
		if (rc == 0)
			rc = in_range(o, x, err);
		if (rc == 0)
			*(double *)place = x;
		return rc;
	case CONF_BOOL:
		rc = conf_parse_bool(value, &yes, err);
		if (rc == 0)
			*(bool *)place = yes;
		return rc;
	}
	CHECK(false);
	return rc;
}

void conf_defaults(const struct conf_option *table, void *target)
{
	struct err e;

	for (const struct conf_option *o = table; o->name; o++)
		if (o->def)
			CHECK(set_value(o, target, o->def, &e) == 0);
}

int conf_set(const struct conf_option *table, void *target, const char *section,
	     const char *name, const char *value, struct err *err)
{
	bool known = false;

	for (const struct conf_option *o = table; o->name; o++) {
		int rc;

		if (strcmp(o->section, section) != 0)
			continue;
		known = true;
		if (strcmp(o->name, name) != 0)
			continue;
		rc = set_value(o, target, value, err);
		return rc < 0 ? err_wrap(err, rc, "%s", name) : 0;
	}
	if (!known)
		return err_set(err, ERR_INVAL, "there is no section [%s]", section);
	return err_set(err, ERR_INVAL, "there is no option '%s' in [%s]", name, section);
}

struct table_target {
	const struct conf_option *table;
	void *target;
};

static int on_table_pair(void *arg, const char *section, const char *name,
			 const char *value, int line, struct err *err)
{
	struct table_target *t = arg;

	(void)line;
	return conf_set(t->table, t->target, section, name, value, err);
}

int conf_load(const struct conf_option *table, void *target, const char *path,
	      struct err *err)
{
	struct table_target t = { .table = table, .target = target };
	CLEANUP(free) char *text = NULL;
	int rc = conf_read_file(path, FILE_MAX_BYTES, &text, NULL, err);

	return rc < 0 ? rc : conf_each(text, path, on_table_pair, &t, err);
}

void conf_done(const struct conf_option *table, void *target)
{
	for (const struct conf_option *o = table; o->name; o++) {
		if (o->type == CONF_STRING) {
			char **place = (char **)((char *)target + o->offset);

			free(*place);
			*place = NULL;
		}
	}
}

void conf_print_example(const struct conf_option *table, FILE *out)
{
	const char *section = "";

	for (const struct conf_option *o = table; o->name; o++) {
		if (strcmp(section, o->section) != 0)
			fprintf(out, "%s[%s]\n", *section ? "\n" : "", o->section);
		section = o->section;
		fprintf(out, "# %s\n", o->help);
		if (o->choices)
			fprintf(out, "# One of: %s\n", o->choices);
		fprintf(out, "#%s = %s\n", o->name, o->def ? o->def : "");
	}
}
