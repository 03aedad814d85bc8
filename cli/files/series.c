/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "series.h"

#include "check.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>

#define FILE_MAX_BYTES ((size_t)1 << 29)

/* The most frequent distance; 0 when there is none. */
static int64_t step_of(const struct csv_points *p)
{
	CLEANUP(free) int64_t *d = csv_steps(p);
	size_t best = 0, run = 0;
	int64_t step = 0;

	for (size_t i = 0; i + 1 < p->n; i++) {
		run = i > 0 && d[i] == d[i - 1] ? run + 1 : 1;
		if (run > best) {
			best = run;
			step = d[i];
		}
	}
	return step;
}

static int fill(const struct csv_points *p, const char *what, struct series *s,
		struct err *err)
{
	s->y = xcalloc(s->n, sizeof(*s->y));
	for (size_t i = 0; i < s->n; i++)
		s->y[i] = NAN;
	for (size_t i = 0; i < p->n; i++) {
		const int64_t from = p->v[i].t_ms - s->t0_ms;

		if (from % s->step_ms)
			return err_set(
				err, ERR_INVAL,
				"%s: line %zu: the time is between two steps of %lld s",
				what, p->v[i].line, (long long)(s->step_ms / 1000));
		s->y[from / s->step_ms] = p->v[i].v;
	}
	for (size_t i = 0; i < s->n; i++)
		s->missing += isnan(s->y[i]);
	if (s->missing == s->n)
		return err_set(err, ERR_INVAL, "%s: all values are missing", what);
	return 0;
}

static int to_grid(const struct csv_points *p, const char *what, struct series *s,
		   struct err *err)
{
	int64_t steps;

	s->step_ms = step_of(p);
	if (s->step_ms < 1000)
		return err_set(err, ERR_INVAL,
			       "%s: two lines at least, 1 s or more apart, are needed",
			       what);
	steps = (p->v[p->n - 1].t_ms - p->v[0].t_ms) / s->step_ms + 1;
	if (steps > SERIES_VALUES_MAX)
		return err_set(err, ERR_LIMIT,
			       "%s: more than %d steps from first to last", what,
			       SERIES_VALUES_MAX);
	s->n = (size_t)steps;
	s->t0_ms = p->v[0].t_ms;
	return fill(p, what, s, err);
}

int series_read(const char *text, size_t len, const char *what, struct series *ret,
		struct err *err)
{
	CLEANUP(csv_points_done) struct csv_points p = { .max = SERIES_VALUES_MAX };
	CLEANUP(series_done) struct series s = { 0 };
	int rc = csv_read(text, len, &p, err);

	if (rc < 0)
		return err_wrap(err, rc, "%s", what);
	s.repeated = p.n;
	csv_sort(&p);
	s.repeated -= p.n;
	rc = to_grid(&p, what, &s, err);
	if (rc < 0)
		return rc;
	*ret = s;
	s.y = NULL;
	return 0;
}

int series_open(const char *path, struct series *ret, struct err *err)
{
	CLEANUP(free) char *text = NULL;
	size_t len;
	int rc = conf_read_file(path, FILE_MAX_BYTES, &text, &len, err);

	return rc < 0 ? rc : series_read(text, len, path, ret, err);
}

void series_done(struct series *s)
{
	free(s->y);
	s->y = NULL;
}
