/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pattern_syntax.h"

#include "check.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	const char *text, *p;
	long max_repeat;
	struct err *err;
};

static int refuse(const struct scan *s, const char *what)
{
	return err_set(s->err, ERR_INVAL, "column %zu: %s is not known here",
		       (size_t)(s->p - s->text) + 1, what);
}

/* At a backslash. */
static int take_escape(struct scan *s)
{
	const char c = s->p[1];
	const char *end;

	if (isdigit((unsigned char)c) && c != '0')
		return refuse(s, "a reference to a group");
	if (isalpha((unsigned char)c) && !strchr("AaBbDdEfnPpQrSstvWwxz", c)) {
		const char what[] = { '\\', c, '\0' };

		return refuse(s, what);
	}
	if (c == 'Q') {
		end = strstr(s->p + 2, "\\E");
		s->p = end ? end + 2 : s->p + strlen(s->p);
	} else {
		s->p += c ? 2 : 1;
	}
	return 0;
}

/* [:alpha:] at p, which is at its bracket; NULL: it is none. */
static const char *after_named(const char *p)
{
	const char *end = p[1] == ':' ? strstr(p + 2, ":]") : NULL;

	return end && strcspn(p + 2, ":]\\") == (size_t)(end - p - 2) ? end + 2 : NULL;
}

/* At the bracket that opens it. */
static int take_set(struct scan *s)
{
	int rc = 0;

	s->p += s->p[1] == '^' ? 2 : 1;
	/* As the first one it is itself. */
	s->p += *s->p == ']';
	while (rc == 0 && *s->p && *s->p != ']') {
		const char *named = *s->p == '[' ? after_named(s->p) : NULL;

		if (*s->p == '\\')
			rc = take_escape(s);
		else
			s->p = named ? named : s->p + 1;
	}
	s->p += *s->p == ']';
	return rc;
}

/* At an opening parenthesis: (...), (?:...), (?i), (?i-s:...), (?P<name>...) and
 * (?<name>...). */
static int take_group(struct scan *s)
{
	const char *p = s->p + 1;

	if (*p == '*')
		return refuse(s, "a verb (*...)");
	if (*p != '?') {
		s->p++;
		return 0;
	}
	p++;
	if (strncmp(p, "P<", 2) == 0 ||
	    (*p == '<' && (isalpha((unsigned char)p[1]) || p[1] == '_'))) {
		s->p = p;
		return 0;
	}
	p += strspn(p, "imsU-");
	if (*p != ':' && *p != ')')
		return refuse(s, "such a group (?...)");
	s->p = p;
	return 0;
}

/* The end of {n}, {n,} or {n,m} at p, and the larger number; NULL: it is none. */
static const char *after_repeat(const char *p, long *ret_most)
{
	char *end;
	long least, most;

	if (*p != '{' || !isdigit((unsigned char)p[1]))
		return NULL;
	least = most = strtol(p + 1, &end, 10);
	if (*end == ',' && isdigit((unsigned char)end[1]))
		most = strtol(end + 1, &end, 10);
	else if (*end == ',')
		end++;
	*ret_most = MAX(least, most);
	return *end == '}' ? end + 1 : NULL;
}

/* At * + ? or a brace. A repeat of one character is compiled to a few bytes, however
 * often it is. */
static int take_repeat(struct scan *s)
{
	long most = 0;
	const char *end = *s->p == '{' ? after_repeat(s->p, &most) : s->p + 1;

	if (!end) {
		s->p++;
		return 0;
	}
	if (most > s->max_repeat)
		return err_set(s->err, ERR_LIMIT,
			       "column %zu: a repeat of more than %ld times",
			       (size_t)(s->p - s->text) + 1, s->max_repeat);
	s->p = end;
	if (*end == '+')
		return refuse(s, "a possessive repeat");
	return 0;
}

int pattern_syntax_check(const char *text, long max_repeat, struct err *err)
{
	struct scan s = { text, text, max_repeat, err };
	int rc = 0;

	while (rc == 0 && *s.p) {
		if (*s.p == '\\')
			rc = take_escape(&s);
		else if (*s.p == '[')
			rc = take_set(&s);
		else if (*s.p == '(')
			rc = take_group(&s);
		else if (strchr("*+?{", *s.p))
			rc = take_repeat(&s);
		else
			s.p++;
	}
	return rc;
}
