/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "csv.h"

#include "check.h"
#include "clock.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 256
#define SECONDS_MAX 1e11 /* larger values are milliseconds */
#define TIME_MAX_MS 1e14
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* written by spreadsheets */

void csv_points_done(struct csv_points *p)
{
	free(p->v);
	*p = (struct csv_points){ .max = p->max };
}

/* ---------------------------------------------------------------- lines */

static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

static int read_time(const char *text, int64_t *ret_ms, struct err *err)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end || !(n > SECONDS_MAX && n < TIME_MAX_MS)) {
		int rc = clock_parse(text, ret_ms, err);

		return rc < 0 ? err_wrap(err, rc, "timestamp") : 0;
	}
	*ret_ms = (int64_t)n;
	return 0;
}

static int read_value(const char *text, double *ret, struct err *err)
{
	char *end;

	*ret = *text ? strtod(text, &end) : NAN;
	if (*text && (end == text || *end || !isfinite(*ret)))
		return err_set(err, ERR_INVAL, "'%.40s' is not a number", text);
	return 0;
}

static int read_point(char *text, size_t number, struct csv_points *p, struct err *err)
{
	char *value = strpbrk(text, ",;\t");
	int64_t t_ms = 0;
	double v = 0;
	int rc;

	if (!value)
		return err_set(err, ERR_INVAL,
			       "there is no comma: expected timestamp,value");
	*value++ = '\0';
	rc = read_time(trim(text), &t_ms, err);
	if (rc == 0)
		rc = read_value(trim(value), &v, err);
	return rc < 0 ? rc : csv_add(p, t_ms, v, number, err);
}

int csv_add(struct csv_points *p, int64_t t_ms, double v, size_t line, struct err *err)
{
	if (t_ms < 0)
		return err_set(err, ERR_INVAL, "its time is before 1970");
	if (isinf(v))
		return err_set(err, ERR_INVAL, "its value is not finite");
	if (v < 0)
		return err_set(err, ERR_INVAL, "its value %g is below 0", v);
	if (p->n == p->max)
		return err_set(err, ERR_LIMIT, "there are more than %zu values", p->max);
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 1024;
		p->v = xrealloc(p->v, p->cap * sizeof(*p->v));
	}
	p->v[p->n++] = (struct csv_point){ t_ms, v, line };
	return 0;
}

/* ---------------------------------------------------------------- texts */

/* Whether the first line that is not empty is a header line. */
static bool is_head(const char *text)
{
	return !isdigit((unsigned char)*text) && !strchr("+-.", *text);
}

static int read_line(const char *from, size_t len, size_t number, bool *is_first,
		     struct csv_points *ret, struct err *err)
{
	char line[LINE_MAX_BYTES], *text;
	bool was_first = *is_first;

	if (len >= sizeof(line))
		return err_set(err, ERR_INVAL, "it is too long");
	memcpy(line, from, len);
	line[len] = '\0';
	if (strlen(line) != len)
		return err_set(err, ERR_INVAL, "this is not text");
	text = trim(line);
	if (!*text || *text == '#')
		return 0;
	*is_first = false;
	return was_first && is_head(text) ? 0 : read_point(text, number, ret, err);
}

int csv_read(const char *text, size_t len, struct csv_points *ret, struct err *err)
{
	const size_t mark = strlen(BYTE_ORDER_MARK);
	const char *p = text, *end = text + len;
	bool is_first = true;

	if (len >= mark && memcmp(p, BYTE_ORDER_MARK, mark) == 0)
		p += mark;
	for (size_t number = 1; p < end; number++) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *stop = eol ? eol : end;
		int rc = read_line(p, (size_t)(stop - p), number, &is_first, ret, err);

		if (rc < 0)
			return err_wrap(err, rc, "line %zu", number);
		p = eol ? eol + 1 : end;
	}
	return 0;
}

/* ---------------------------------------------------------------- order */

static int by_time_and_line(const void *a, const void *b)
{
	const struct csv_point *x = a, *y = b;

	if (x->t_ms != y->t_ms)
		return x->t_ms < y->t_ms ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

void csv_sort(struct csv_points *p)
{
	size_t kept = 0;

	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), by_time_and_line);
	for (size_t i = 0; i < p->n; i++)
		if (i + 1 == p->n || p->v[i + 1].t_ms != p->v[i].t_ms)
			p->v[kept++] = p->v[i];
	p->n = kept;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

int64_t *csv_steps(const struct csv_points *p)
{
	int64_t *d = xcalloc(p->n + 1, sizeof(*d));

	for (size_t i = 1; i < p->n; i++)
		d[i - 1] = p->v[i].t_ms - p->v[i - 1].t_ms;
	if (p->n > 1)
		qsort(d, p->n - 1, sizeof(*d), by_size);
	return d;
}
