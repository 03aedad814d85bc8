/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "level_shift.h"

#include <math.h>
#include <string.h>

#define FIRST_ESTIMATE 100.0 /* weight of the first estimate, in gaps */

void level_shift_init(struct level_shift *s, double usual, double half_life,
		      double min_gaps)
{
	memset(s, 0, sizeof(*s));
	s->usual = usual;
	s->half_life = half_life;
	s->limit = SHIFT_LIMIT * fmax(min_gaps, 1);
	s->least = (uint64_t)(min_gaps / 2);
}

static double grow(const struct level_shift *s, double sum, double gap)
{
	return fmin(fmax(sum + gap - SHIFT_ALLOWANCE, 0), 2 * s->limit);
}

void level_shift_note(struct level_shift *s, double now, double season, double unit)
{
	const double gap = unit > 0 ? (now - season) / unit : 0;
	const double z = s->usual > 0 ? gap / s->usual : 0;
	const double life = fmin(FIRST_ESTIMATE + (double)s->n, s->half_life / M_LN2);

	s->over[0] = grow(s, s->over[0], z);
	s->over[1] = grow(s, s->over[1], -z);
	s->usual += (fmin(fabs(gap), SHIFT_ALLOWANCE * s->usual) - s->usual) / life;
	s->n++;
	if (s->over[0] <= 0 && s->over[1] <= 0) {
		s->is_on = false;
		s->since = 0;
		return;
	}
	s->since++;
	s->ratio = season > 0 ? now / season - 1 : INFINITY;
	s->is_on |= fmax(s->over[0], s->over[1]) > s->limit && s->since >= s->least;
}
