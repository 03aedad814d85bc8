/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "history.h"

#include "check.h"
#include "clock.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS ((int64_t)60000)
#define DAY_MS ((int64_t)86400000)
#define WEEK_MS (7 * DAY_MS)
#define LENGTH_MAX_MS (400 * DAY_MS)
#define GAP_MS 300000
#define LINE_MAX_BYTES 256
#define POINTS_MAX 2000000

void history_points_done(struct history_points *p)
{
	free(p->v);
	memset(p, 0, sizeof(*p));
}

void history_done(struct history *h)
{
	free(h->v);
	memset(h, 0, sizeof(*h));
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

/* 1: a point, 0: nothing in this line. */
static int read_line(char *line, size_t number, size_t n_before,
		     struct history_point *ret, struct err *err)
{
	char *text = trim(line), *comma, *value, *end;
	struct err why;

	if (!*text || *text == '#')
		return 0;
	comma = strpbrk(text, ",;\t");
	if (!comma)
		return err_set(err, ERR_INVAL, "line %zu: timestamp,value is expected",
			       number);
	*comma = '\0';
	value = trim(comma + 1);
	ret->line = number;
	ret->v = *value ? strtod(value, &end) : NAN;
	if (clock_parse(trim(text), &ret->t_ms, &why) < 0)
		/* The first line that is none may be the head. */
		return n_before == 0 && isalpha((unsigned char)*text)
			       ? 0
			       : err_set(err, ERR_INVAL, "line %zu: %.200s", number,
					 why.msg);
	if (*value && (end == value || *end || !isfinite(ret->v)))
		return err_set(err, ERR_INVAL, "line %zu: '%.40s' is no number", number,
			       value);
	return 1;
}

int history_add(struct history_points *p, int64_t t_ms, double v, size_t line,
		struct err *err)
{
	if (t_ms <= 0 || isinf(v))
		return err_set(err, ERR_INVAL, "a time or value is not finite");
	if (v < 0)
		return err_set(err, ERR_INVAL, "demand cannot be below 0");
	if (p->n == POINTS_MAX)
		return err_set(err, ERR_LIMIT, "there are more than %d values",
			       POINTS_MAX);
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 1024;
		p->v = xrealloc(p->v, p->cap * sizeof(*p->v));
	}
	p->v[p->n++] = (struct history_point){ t_ms, v, line };
	return 0;
}

int history_read_csv(const char *text, size_t len, struct history_points *ret,
		     struct err *err)
{
	const char *p = text, *end = text + len;

	for (size_t number = 1; p < end; number++) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((eol ? eol : end) - p);
		char line[LINE_MAX_BYTES];
		struct history_point x = { 0 };
		int rc;

		if (n >= sizeof(line))
			return err_set(err, ERR_INVAL, "line %zu is too long", number);
		memcpy(line, p, n);
		line[n] = '\0';
		rc = read_line(line, number, ret->n, &x, err);
		if (rc < 0)
			return rc;
		if (rc == 1) {
			rc = history_add(ret, x.t_ms, x.v, number, err);
			if (rc < 0)
				return err_wrap(err, rc, "line %zu", number);
		}
		p = eol ? eol + 1 : end;
	}
	return 0;
}

/* ---------------------------------------------------------------- minutes */

static int by_time_and_line(const void *a, const void *b)
{
	const struct history_point *x = a, *y = b;

	if (x->t_ms != y->t_ms)
		return x->t_ms < y->t_ms ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Sorts, and of several lines with one time keeps the last. */
static void sort_points(struct history_points *p)
{
	size_t kept = 0;

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

/* The median distance of two points. */
static int64_t usual_step(const struct history_points *p)
{
	CLEANUP(free) int64_t *d = xcalloc(p->n + 1, sizeof(*d));

	if (p->n < 2)
		return MINUTE_MS;
	for (size_t i = 1; i < p->n; i++)
		d[i - 1] = p->v[i].t_ms - p->v[i - 1].t_ms;
	qsort(d, p->n - 1, sizeof(*d), by_size);
	return d[(p->n - 1) / 2];
}

/* Adds value times milliseconds to each minute that [from, to) touches. */
static void hold(struct history *h, double *known_ms, int64_t from_ms, int64_t to_ms,
		 double v)
{
	int64_t end = h->from_ms + (int64_t)h->n * MINUTE_MS;

	for (int64_t t = from_ms; t < MIN(to_ms, end);) {
		int64_t i = (t - h->from_ms) / MINUTE_MS;
		int64_t next = MIN(h->from_ms + (i + 1) * MINUTE_MS, to_ms);

		h->v[i] += v * (double)(next - t);
		known_ms[i] += (double)(next - t);
		t = next;
	}
}

static void fill_minutes(const struct history_points *p, struct history *h)
{
	CLEANUP(free) double *known_ms = xcalloc(h->n + 1, sizeof(*known_ms));
	int64_t gap_ms = MAX(3 * h->step_ms, GAP_MS);

	for (size_t i = 0; i < p->n; i++) {
		int64_t from = p->v[i].t_ms, to = from + h->step_ms;

		if (i + 1 < p->n && p->v[i + 1].t_ms - from <= gap_ms)
			to = p->v[i + 1].t_ms;
		if (!isnan(p->v[i].v))
			hold(h, known_ms, from, to, p->v[i].v);
	}
	for (size_t i = 0; i < h->n; i++)
		h->v[i] = known_ms[i] > 0 ? h->v[i] / known_ms[i] : NAN;
}

int history_minutes(struct history_points *p, struct history *ret, struct err *err)
{
	struct history h = { 0 };

	if (p->n == 0)
		return err_set(err, ERR_INVAL, "there is no timestamp,value in it");
	sort_points(p);
	if (p->v[p->n - 1].t_ms - p->v[0].t_ms > LENGTH_MAX_MS)
		return err_set(err, ERR_LIMIT, "it is longer than 400 days");
	h.n_lines = p->n;
	h.last_ms = p->v[p->n - 1].t_ms;
	h.step_ms = MIN(usual_step(p), DAY_MS);
	h.from_ms = p->v[0].t_ms - p->v[0].t_ms % MINUTE_MS;
	h.n = (size_t)((h.last_ms + h.step_ms - h.from_ms + MINUTE_MS - 1) / MINUTE_MS);
	h.v = xcalloc(h.n + 1, sizeof(*h.v));
	fill_minutes(p, &h);
	*ret = h;
	return 0;
}

/* ---------------------------------------------------------------- import */

void history_end_at(struct history *h, int64_t now_ms)
{
	int64_t length_ms = (int64_t)h->n * MINUTE_MS;
	int64_t unit = length_ms > 2 * WEEK_MS ? WEEK_MS : DAY_MS;
	int64_t late = now_ms - (h->from_ms + length_ms);
	int64_t times = late / unit - (late % unit < 0);

	/* One unit more reaches over now, and what does is cut off. */
	if (length_ms >= 2 * unit && late % unit != 0)
		times++;
	h->from_ms += times * unit;
	h->last_ms = MIN(h->last_ms + times * unit, now_ms);
}

int history_import(struct db *db, const char *stack, const char *tier,
		   const struct history *h, int64_t now_ms, size_t *ret_added,
		   struct err *err)
{
	int64_t past = (now_ms - h->from_ms) / MINUTE_MS;

	if (h->last_ms > now_ms)
		return err_set(err, ERR_INVAL, "its last time is in the future");
	/* The last value holds for a step; what of it is to come is not history. */
	return db_demand_import(db, stack, tier, h->from_ms, h->v,
				MIN(h->n, (size_t)MAX(past, (int64_t)0)), now_ms,
				ret_added, err);
}
