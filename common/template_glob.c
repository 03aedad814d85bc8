/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "template_value.h"

#include <string.h>

size_t template_rune(const char *s, size_t n, uint32_t *rune)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = n ? (unsigned char)s[0] : 0;
	size_t len = c < 0x80       ? 1
		     : c >> 5 == 6  ? 2
		     : c >> 4 == 14 ? 3
		     : c >> 3 == 30 ? 4
				    : 0;
	uint32_t r;

	*rune = 0xfffd;
	if (len == 1)
		*rune = c;
	if (len < 2 || len > n)
		return 1;
	r = c & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
		r = r << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (r < least[len] || r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		return 1;
	*rune = r;
	return len;
}

void template_put_rune(struct buf *out, uint32_t r)
{
	if (r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		r = 0xfffd;
	if (r < 0x80) {
		buf_putc(out, (char)r);
		return;
	}
	if (r < 0x800) {
		buf_putc(out, (char)(0xc0 | r >> 6));
	} else {
		if (r < 0x10000) {
			buf_putc(out, (char)(0xe0 | r >> 12));
		} else {
			buf_putc(out, (char)(0xf0 | r >> 18));
			buf_putc(out, (char)(0x80 | (r >> 12 & 0x3f)));
		}
		buf_putc(out, (char)(0x80 | (r >> 6 & 0x3f)));
	}
	buf_putc(out, (char)(0x80 | (r & 0x3f)));
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
	*p += template_rune(*p, strlen(*p), ret);
	return **p ? 0 : bad_pattern(err);
}

/* *p is behind "["; leaves it behind "]". */
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

/* One element of the pattern that is no star, against one character of the name. */
static int match_one(const char **p, const char **s, bool *ret, struct err *err)
{
	uint32_t c, want;
	size_t len = template_rune(*s, strlen(*s), &c);
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
		*p += template_rune(*p, strlen(*p), &want);
		*ret = want == c;
	}
	*ret = *ret && **s;
	if (**s)
		*s += len;
	return 0;
}

/* The rest of a pattern that has failed already must still be well formed. */
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

int template_glob(const char *p, const char *s, bool *ret, struct err *err)
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
		star_s += template_rune(star_s, strlen(star_s), &skipped);
		s = star_s;
	}
	*ret = true;
	return 0;
}
