/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "glob.h"

#include "utf8.h"

#include <string.h>

static size_t rune_at(const char *s, uint32_t *ret)
{
	return utf8_rune(s, strnlen(s, 4), ret);
}

static int bad_pattern(struct err *err)
{
	return err_set(err, ERR_INVAL, "syntax error in pattern");
}

/* One character of a class, perhaps escaped. */
static int class_char(const char **p, uint32_t *ret, struct err *err)
{
	if (**p == '\0' || **p == '-' || **p == ']')
		return bad_pattern(err);
	if (**p == '\\' && *++*p == '\0')
		return bad_pattern(err);
	*p += rune_at(*p, ret);
	return **p ? 0 : bad_pattern(err);
}

/* *p is after "["; leaves it after "]". */
static int match_class(const char **p, uint32_t c, bool *ret, struct err *err)
{
	bool negated = **p == '^', hit = false;

	*p += negated;
	for (size_t n = 0; **p != ']' || n == 0; n++) {
		uint32_t lo, hi;
		int rc = class_char(p, &lo, err);

		if (rc < 0)
			return rc;
		hi = lo;
		if (**p == '-') {
			++*p;
			rc = class_char(p, &hi, err);
			if (rc < 0)
				return rc;
		}
		hit |= lo <= c && c <= hi;
	}
	++*p;
	*ret = hit != negated;
	return 0;
}

/* One element of the pattern, not a star, against one character of the name. */
static int match_one(const char **p, const char **s, bool *ret, struct err *err)
{
	uint32_t c, want;
	size_t len = rune_at(*s, &c);
	int rc;

	*ret = false;
	switch (**p) {
	case '[':
		++*p;
		rc = match_class(p, c, ret, err);
		if (rc < 0)
			return rc;
		break;
	case '?':
		++*p;
		*ret = c != '/';
		break;
	case '\\':
		if (*++*p == '\0')
			return bad_pattern(err);
		/* fallthrough */
	default:
		*p += rune_at(*p, &want);
		*ret = want == c;
	}
	*ret = *ret && **s;
	if (**s)
		*s += len;
	return 0;
}

/* The rest of a pattern must be well formed even after a mismatch. */
static int check_rest(const char *p, struct err *err)
{
	while (*p) {
		const char *any = "a";
		bool hit;
		int rc;

		if (*p == '*') {
			p++;
			continue;
		}
		rc = match_one(&p, &any, &hit, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int glob_match(const char *p, const char *s, bool *ret, struct err *err)
{
	const char *star = NULL, *star_s = NULL;

	*ret = false;
	while (*p || *s) {
		const char *p0 = p;
		bool hit = false;
		uint32_t skipped;

		if (*p == '*') {
			star = ++p;
			star_s = s;
			continue;
		}
		if (*p) {
			int rc = match_one(&p, &s, &hit, err);

			if (rc < 0)
				return rc;
		}
		if (hit)
			continue;
		if (!star || *star_s == '\0' || *star_s == '/')
			return check_rest(*p0 ? p0 : p, err);
		p = star;
		star_s += rune_at(star_s, &skipped);
		s = star_s;
	}
	*ret = true;
	return 0;
}
