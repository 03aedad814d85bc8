/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prometheus' text exposition format, version 0.0.4. */
#include "parsers.h"

#include "check.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define LABELS_MAX 24
#define NAME_BYTES 256

struct line {
	char name[NAME_BYTES];
	struct collect_label labels[LABELS_MAX + 1];
	size_t n;
	double value;
};

struct type {
	char name[NAME_BYTES];
	bool counter;  /* the family's own samples */
	bool compound; /* histogram or summary: _sum, _count, _bucket count */
};

static size_t name_length(const char *p)
{
	size_t n = 0;

	if (isalpha((unsigned char)*p) || *p == '_' || *p == ':')
		while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == ':')
			n++;
	return n;
}

static void read_type(const char *line, struct type *t)
{
	char type[32];

	if (sscanf(line, "# TYPE %255s %31s", t->name, type) != 2)
		return;
	t->counter = strcmp(type, "counter") == 0;
	t->compound = strcmp(type, "histogram") == 0 || strcmp(type, "summary") == 0;
}

/* A quoted value with \\ \" \n; p is after the opening quote. */
static char *read_value(char **p)
{
	char *out = *p, *start = *p;

	while (**p && **p != '"') {
		if (**p == '\\' && (*p)[1]) {
			*p += 1;
			*out++ = **p == 'n' ? '\n' : **p;
		} else {
			*out++ = **p;
		}
		*p += 1;
	}
	if (**p != '"')
		return NULL;
	*p += 1;
	*out = '\0';
	return start;
}

static int read_labels(char **p, struct line *l)
{
	*p += 1;
	for (;;) {
		char *name, *value;
		size_t n;

		*p += strspn(*p, " \t,");
		if (**p == '}') {
			*p += 1;
			return 0;
		}
		name = *p;
		n = name_length(name);
		if (!n || name[n] != '=' || name[n + 1] != '"' || l->n == LABELS_MAX)
			return ERR_PROTO;
		*p += n + 2;
		value = read_value(p);
		if (!value)
			return ERR_PROTO;
		name[n] = '\0';
		l->labels[l->n++] = (struct collect_label){ name, value };
	}
}

static int read_line(char *p, struct line *l)
{
	size_t n = name_length(p);
	char *end;

	*l = (struct line){ 0 };
	if (!n || n >= sizeof(l->name))
		return ERR_PROTO;
	memcpy(l->name, p, n);
	p += n;
	p += strspn(p, " \t");
	if (*p == '{' && read_labels(&p, l) < 0)
		return ERR_PROTO;
	l->value = strtod(p, &end);
	return end == p ? ERR_PROTO : 0;
}

static bool is_counter(const struct line *l, const struct type *t)
{
	size_t n = strlen(t->name);

	if (strncmp(l->name, t->name, n) != 0)
		return false;
	if (!l->name[n])
		return t->counter;
	return t->compound &&
	       (strcmp(l->name + n, "_sum") == 0 || strcmp(l->name + n, "_count") == 0 ||
		strcmp(l->name + n, "_bucket") == 0);
}

int collect_prometheus(const char *text, size_t max, const struct collect_sink *to,
		       struct err *err)
{
	CLEANUP(free) char *copy = xstrdup(text);
	char *next = copy, *line;
	struct type type = { 0 };
	size_t found = 0;

	for (size_t number = 1; (line = strsep(&next, "\n")); number++) {
		struct line l;

		line += strspn(line, " \t");
		line[strcspn(line, "\r")] = '\0';
		if (*line == '#')
			read_type(line, &type);
		if (!*line || *line == '#')
			continue;
		if (read_line(line, &l) < 0)
			return err_set(err, ERR_PROTO, "line %zu is not a sample",
				       number);
		if (!isfinite(l.value))
			continue;
		if (found++ == max)
			return err_set(err, ERR_PROTO, "more than %zu samples", max);
		to->add(to->arg, l.name, l.labels, is_counter(&l, &type), l.value);
	}
	return 0;
}
