/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "features.h"

#include "check.h"

#include <math.h>
#include <string.h>

void feat_shape_init(struct feat_shape *s, double step_s, size_t lead)
{
	const size_t day = (size_t)lround(86400 / step_s);
	const size_t hour = (size_t)lround(3600 / step_s);

	memset(s, 0, sizeof(*s));
	s->lead = lead;
	s->day = day >= 4 && lead < day ? day : 0;
	s->week = s->day ? 7 * day : 0;
	s->hour = hour >= 4 && lead < hour ? hour : 0;
	s->half_hour = hour >= 8 && lead < hour / 2 ? hour / 2 : 0;
	s->smooth = 2 * MIN(15, day / 48) + 1;
	for (size_t i = 0, w = 5; i < 8; i++) {
		const size_t width = i == 0 ? 1 : i == 1 ? 3 : w;

		s->mean[i] = i < 3 || width <= day / 2 || !day ? width : 0;
		if (i >= 2)
			w *= 2;
	}
}

size_t feat_memory(const struct feat_shape *s)
{
	return MAX(s->week + 2 * s->hour + s->smooth, (size_t)160) + 2;
}

double feat_base(const float *y, size_t n)
{
	return n > 1 ? 0.5 * ((double)y[0] + (double)y[-1]) : (double)y[0];
}

static double largest(const float *from, size_t n)
{
	float m = from[0];

	for (size_t i = 1; i < n; i++)
		m = from[i] > m ? from[i] : m;
	return (double)m;
}

static double mean(const float *from, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += (double)from[i];
	return s / (double)n;
}

/* The rise from `then` to the window that followed it. */
static double rise(const struct feat_shape *s, const float *then)
{
	return largest(then + 1, s->lead) - 0.5 * ((double)then[0] + (double)then[-1]);
}

/* Today's level over that of the season; noise is averaged out of both. */
static double growth(const struct feat_shape *s, const float *y, const float *then)
{
	const size_t w = s->smooth;
	const double level = mean(then - w + 1, w);

	return level > 0 ? fmin(mean(y - w + 1, w) / level, 4.0) : 1.0;
}

static void season(const struct feat_shape *s, const float *y, size_t n, size_t ago,
		   double base, float *x)
{
	const size_t half = s->smooth / 2;

	if (!ago || n < ago + s->smooth + 2 || ago < half + 2)
		return;

	const float *then = y - ago;
	const size_t ahead = MIN(s->lead, ago - half - 1);
	const double now = mean(then - half, s->smooth), ratio = growth(s, y, then);

	x[0] = (float)(rise(s, then) * ratio);
	x[1] = (float)((mean(then + ahead - half, s->smooth) - now) * ratio);
	x[2] = (float)(now - base);
}

void feat_fill(const struct feat_shape *s, const float *y, size_t n, size_t day,
	       size_t week, double profile, float x[FEAT_N])
{
	const double base = feat_base(y, n);
	double sum = 0;
	size_t have = 0;

	memset(x, 0, FEAT_N * sizeof(*x));
	x[FEAT_ONE] = 1;
	for (size_t i = 0; i < 8; i++) {
		for (; have < MIN(s->mean[i], n); have++)
			sum += (double)y[-(ptrdiff_t)have];
		x[FEAT_MEAN + i] = s->mean[i] ? (float)(sum / (double)have - base) : 0;
	}

	const size_t hour = MIN((size_t)60, n), ten = MIN((size_t)10, n);
	float low = y[0];

	for (size_t i = 1; i < hour; i++)
		low = y[-(ptrdiff_t)i] < low ? y[-(ptrdiff_t)i] : low;
	x[FEAT_MAX10] = (float)(largest(y - ten + 1, ten) - base);
	x[FEAT_MAX60] = (float)(largest(y - hour + 1, hour) - base);
	x[FEAT_MIN60] = (float)((double)low - base);
	season(s, y, n, day, base, x + FEAT_DAY);
	season(s, y, n, week, base, x + FEAT_WEEK);
	x[FEAT_PROFILE] = (float)(profile * base);
	if (s->hour && n > s->hour + 2)
		x[FEAT_HOUR] = (float)rise(s, y - s->hour);
	if (s->half_hour && n > s->half_hour + 2)
		x[FEAT_HALF_HOUR] = (float)rise(s, y - s->half_hour);
	x[FEAT_LEVEL] = (float)base;
}
