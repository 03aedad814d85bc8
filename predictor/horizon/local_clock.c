/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "local_clock.h"

#include "check.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

void local_clock_done(struct local_clock *c)
{
	free(c->y);
	free(c->at);
	*c = (struct local_clock){ 0 };
}

/*
 * place [n]: position of each step on the local clock, in steps from the first one.
 * False: one would be between two steps.
 */
static bool find_places(const struct uplift_series *s, size_t n, int64_t *place)
{
	const int64_t from_ms = tz_offset_ms(s->zone, s->t0_ms);

	for (size_t i = 0; i < n; i++) {
		const int64_t t_ms = s->t0_ms + (int64_t)i * s->step_ms;
		const int64_t moved_ms = tz_offset_ms(s->zone, t_ms) - from_ms;

		if (moved_ms % s->step_ms != 0)
			return false;
		place[i] = (int64_t)i + moved_ms / s->step_ms;
	}
	return true;
}

/* The means of the steps that stand on [first, first + n); false: all are missing. */
static bool lay(const struct uplift_series *s, const int64_t *place, int64_t first,
		double *y, size_t n)
{
	CLEANUP(free) size_t *count = xcalloc(n, sizeof(*count));
	bool is_any = false;

	for (size_t i = 0; i < s->n; i++) {
		const int64_t k = place[i] - first;

		if (k >= (int64_t)n || isnan(s->y[i]))
			continue;
		y[k] += (s->y[i] - y[k]) / (double)++count[k];
		is_any = true;
	}
	for (size_t k = 0; k < n; k++)
		if (count[k] == 0)
			y[k] = NAN;
	return is_any;
}

/* False: as it is, it is better. */
static bool move(const struct uplift_series *s, size_t h, struct local_clock *c)
{
	CLEANUP(free) int64_t *place = xcalloc(s->n + h, sizeof(*place));
	const int64_t *ahead = place + s->n;
	int64_t first = 0, end, last;

	if (s->n == 0 || !find_places(s, s->n + h, place))
		return false;
	for (size_t i = 0; i < s->n; i++)
		first = MIN(first, place[i]);
	end = place[s->n - 1] + 1;
	last = ahead[0];
	for (size_t j = 0; j < h; j++) {
		end = MIN(end, ahead[j]);
		last = MAX(last, ahead[j]);
	}
	if (end <= first)
		return false;
	c->n = (size_t)(end - first);
	c->y = xcalloc(c->n, sizeof(*c->y));
	c->h = (size_t)(last - end + 1);
	c->at = xcalloc(h, sizeof(*c->at));
	for (size_t j = 0; j < h; j++)
		c->at[j] = (size_t)(ahead[j] - end);
	return lay(s, place, first, c->y, c->n);
}

void local_clock_lay(const struct uplift_series *s, size_t h, struct local_clock *ret)
{
	struct local_clock c = { 0 };

	if (!move(s, h, &c)) {
		local_clock_done(&c);
		c = (struct local_clock){ .n = s->n, .h = h };
		c.y = xcalloc(s->n + 1, sizeof(*c.y));
		memcpy(c.y, s->y, s->n * sizeof(*c.y));
		c.at = xcalloc(h + 1, sizeof(*c.at));
		for (size_t j = 0; j < h; j++)
			c.at[j] = j;
	}
	*ret = c;
}
