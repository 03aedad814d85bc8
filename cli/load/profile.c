/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profile.h"

#include "check.h"
#include "files.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>

#define MINUTE_MS 60000
#define DAY_MINUTES 1440
#define WEEK_DAYS 7

struct profile {
	struct series series;
	double scale;
};

/* Two humps over a floor, by the hour of the day; weekends are lower and later. */
static double built_in(size_t minute)
{
	size_t day = minute / DAY_MINUTES;
	double hour = (double)(minute % DAY_MINUTES) / 60;
	bool is_weekend = day % WEEK_DAYS >= 5;
	double shift = is_weekend ? 1.5 : 0;
	double size = (is_weekend ? 0.7 : 1.0) * (1 + 0.06 * sin(2.4 * (double)day));
	double noon = exp(-pow((hour - 11.0 - shift) / 2.2, 2));
	double evening = exp(-pow((hour - 20.0 - shift / 2) / 2.6, 2));

	return size * (0.08 + 0.75 * noon + evening);
}

static void fill_built_in(struct series *s)
{
	s->n = (size_t)WEEK_DAYS * DAY_MINUTES;
	s->step_ms = MINUTE_MS;
	s->y = xcalloc(s->n, sizeof(*s->y));
	for (size_t i = 0; i < s->n; i++)
		s->y[i] = built_in(i);
}

static int find_scale(struct profile *p, double peak_rps, struct err *err)
{
	CLEANUP(free) double *sorted = xcalloc(p->series.n, sizeof(*sorted));
	size_t n = 0;
	double top;

	for (size_t i = 0; i < p->series.n; i++)
		if (!isnan(p->series.y[i]))
			sorted[n++] = p->series.y[i];
	if (n == 0)
		return err_set(err, ERR_INVAL, "the trace holds no value");
	gsl_sort(sorted, 1, n);
	top = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.999);
	if (!(top > 0))
		return err_set(err, ERR_INVAL, "the trace is zero throughout");
	p->scale = peak_rps / top;
	return 0;
}

int profile_open(const char *path, double peak_rps, struct profile **ret, struct err *err)
{
	CLEANUP(profile_free) struct profile *p = xcalloc(1, sizeof(*p));
	int rc = 0;

	if (path)
		rc = series_open(path, &p->series, err);
	else
		fill_built_in(&p->series);
	if (rc == 0)
		rc = find_scale(p, peak_rps, err);
	if (rc < 0)
		return rc;
	*ret = TAKE(p);
	return 0;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	series_done(&p->series);
	free(p);
}

static double value_at(const struct series *s, size_t i)
{
	double y = s->y[i % s->n];

	return isnan(y) ? 0 : y;
}

/* A value is the mean of its step: between the middles of two steps it changes evenly. */
double profile_rate(const struct profile *p, int64_t offset_ms)
{
	const struct series *s = &p->series;
	double pos = (double)offset_ms / (double)s->step_ms - 0.5;
	size_t i;

	if (pos < 0)
		return p->scale * value_at(s, 0);
	i = (size_t)pos;
	pos -= (double)i;
	return p->scale * ((1 - pos) * value_at(s, i) + pos * value_at(s, i + 1));
}

int64_t profile_length_ms(const struct profile *p)
{
	return (int64_t)p->series.n * p->series.step_ms;
}
