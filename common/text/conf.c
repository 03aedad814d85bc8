/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conf.h"

#include "buf.h"
#include "check.h"
#include "cleanup.h"
#include "clock.h"
#include "conf_value.h"
#include "ini.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

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
		return err_set(err, ERR_INVAL, "'%s' is not one of %s", value,
			       o->choices);
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

/* Tables without sections are short, and who writes a pair sees none of their help. */
static int no_option(const struct conf_option *table, const char *section,
		     const char *name, struct err *err)
{
	char all[ERR_MSG_MAX / 2] = "";
	size_t n = 0;

	if (*section)
		return err_set(err, ERR_INVAL, "there is no option '%s' in [%s]", name,
			       section);
	for (const struct conf_option *o = table; o->name && n < sizeof(all); o++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", n ? ", " : "",
				      o->name);
	return err_set(err, ERR_INVAL, "there is no option '%s'; there %s %s%s", name,
		       table[1].name ? "are" : "is", all, n < sizeof(all) ? "" : "...");
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
	return no_option(table, section, name, err);
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
	int rc = conf_read_file(path, INI_MAX_BYTES, &text, NULL, err);

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
