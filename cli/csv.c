/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "csv.h"

#include "check.h"
#include "clock.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

struct rows {
	int64_t *t_ms;
	double *y;
	size_t *line;
	size_t n, cap;
};

static void rows_done(struct rows *r)
{
	free(r->t_ms);
	free(r->y);
	free(r->line);
}
DEFINE_CLEANUP_OBJECT(struct rows, rows_done);

static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

static int read_value(const char *text, double *ret, struct err *err)
{
	char *end;

	if (!*text) {
		*ret = NAN;
		return 0;
	}
	errno = 0;
	*ret = strtod(text, &end);
	if (*end || errno == ERANGE || !isfinite(*ret))
		return err_set(err, ERR_INVAL, "'%.40s' is no number", text);
	if (*ret < 0)
		return err_set(err, ERR_INVAL, "%.40s is below 0", text);
	return 0;
}

/* One line into time and value. */
static int read_row(char *line, int64_t *t_ms, double *y, struct err *err)
{
	char *comma = strchr(line, ',');

	if (!comma)
		return err_set(err, ERR_INVAL,
			       "there is no comma: wanted timestamp,value");
	*comma = '\0';

	const int rc = clock_parse(trim(line), t_ms, err);

	return rc != 0 ? rc : read_value(trim(comma + 1), y, err);
}

static int add(struct rows *r, int64_t t_ms, double y, size_t line, struct err *err)
{
	if (r->n == CSV_VALUES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d lines", CSV_VALUES_MAX);
	if (r->n > 0 && t_ms < r->t_ms[r->n - 1])
		return err_set(err, ERR_INVAL, "the time is before the one above");
	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 1024;
		r->t_ms = xrealloc(r->t_ms, r->cap * sizeof(*r->t_ms));
		r->y = xrealloc(r->y, r->cap * sizeof(*r->y));
		r->line = xrealloc(r->line, r->cap * sizeof(*r->line));
	}
	r->t_ms[r->n] = t_ms;
	r->y[r->n] = y;
	r->line[r->n++] = line;
	return 0;
}

static int read_rows(FILE *in, const char *what, struct rows *r, struct err *err)
{
	CLEANUP(free) char *line = NULL;
	size_t cap = 0, number = 0;

	ssize_t len;

	while ((len = getline(&line, &cap, in)) > 0) {
		int64_t t_ms = 0;
		double y = 0;

		number++;
		if (strlen(line) != (size_t)len)
			return err_set(err, ERR_INVAL, "%s: line %zu: this is no text",
				       what, number);

		char *text = trim(line);

		if (!*text)
			continue;

		int rc = read_row(text, &t_ms, &y, err);

		if (rc != 0 && number == 1)
			continue; /* the header */
		if (rc == 0)
			rc = add(r, t_ms, y, number, err);
		if (rc != 0)
			return err_wrap(err, rc, "%s: line %zu", what, number);
	}
	if (ferror(in))
		return err_errno(err, ERR_INVAL, "%s: cannot be read", what);
	return 0;
}

static int by_value(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The most frequent distance; 0 when there is none. */
static int64_t step_of(const struct rows *r)
{
	CLEANUP(free) int64_t *d = xcalloc(r->n + 1, sizeof(*d));
	size_t n = 0, best = 0, run = 0;
	int64_t step = 0;

	for (size_t i = 1; i < r->n; i++)
		if (r->t_ms[i] > r->t_ms[i - 1])
			d[n++] = r->t_ms[i] - r->t_ms[i - 1];
	qsort(d, n, sizeof(*d), by_value);
	for (size_t i = 0; i < n; i++) {
		run = i > 0 && d[i] == d[i - 1] ? run + 1 : 1;
		if (run > best) {
			best = run;
			step = d[i];
		}
	}
	return step;
}

static int to_grid(const struct rows *r, const char *what, struct csv_series *ret,
		   struct err *err)
{
	const int64_t step = step_of(r);

	if (step < 1000)
		return err_set(err, ERR_INVAL,
			       "%s: two lines at least, 1 s or more apart, are needed",
			       what);

	const int64_t steps = (r->t_ms[r->n - 1] - r->t_ms[0]) / step + 1;

	if (steps > CSV_VALUES_MAX)
		return err_set(err, ERR_LIMIT,
			       "%s: more than %d steps from first to last", what,
			       CSV_VALUES_MAX);

	CLEANUP(csv_done)
	struct csv_series s = { .n = (size_t)steps,
				.t0_ms = r->t_ms[0],
				.step_ms = step };

	s.y = xcalloc(s.n, sizeof(*s.y));
	for (size_t i = 0; i < s.n; i++)
		s.y[i] = NAN;
	for (size_t i = 0; i < r->n; i++) {
		const int64_t from = r->t_ms[i] - r->t_ms[0];

		if (from % step)
			return err_set(
				err, ERR_INVAL,
				"%s: line %zu: the time is between two steps of %lld s",
				what, r->line[i], (long long)(step / 1000));
		if (i > 0 && r->t_ms[i] == r->t_ms[i - 1])
			s.repeated++;
		else
			s.y[from / step] = r->y[i];
	}
	for (size_t i = 0; i < s.n; i++)
		s.missing += isnan(s.y[i]);
	if (s.missing == s.n)
		return err_set(err, ERR_INVAL, "%s: all values are missing", what);
	*ret = s;
	s.y = NULL;
	return 0;
}

int csv_read(FILE *in, const char *what, struct csv_series *ret, struct err *err)
{
	CLEANUP(rows_done) struct rows r = { 0 };
	const int rc = read_rows(in, what, &r, err);

	return rc != 0 ? rc : to_grid(&r, what, ret, err);
}

int csv_open(const char *path, struct csv_series *ret, struct err *err)
{
	CLEANUP(fclose) FILE *in = fopen(path, "re");

	if (!in)
		return err_errno(err, ERR_NOT_FOUND, "%s", path);
	return csv_read(in, path, ret, err);
}

void csv_done(struct csv_series *s)
{
	free(s->y);
	s->y = NULL;
}
