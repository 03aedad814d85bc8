/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookback.h"

#include "check.h"

#include <math.h>

size_t model_ago(const struct demand_model *m, size_t season)
{
	const int64_t shift =
		(int64_t)(m->offset_s - m->offset_before_s) * 1000 / m->opts.step_ms;
	int64_t back = (int64_t)season;

	if (!season)
		return 0;
	if (shift != 0 && m->since_offset < season)
		back -= shift;
	return back > 0 ? (size_t)back : 0;
}

size_t model_slot(const struct demand_model *m)
{
	const int64_t day_ms = 86400000;
	const int64_t t = m->last_ms + (int64_t)m->offset_s * 1000;
	const int64_t tod = ((t % day_ms) + day_ms) % day_ms;

	return MIN((size_t)(tod / m->opts.step_ms), m->slots - 1);
}

double model_fill_value(struct demand_model *m)
{
	const size_t day = model_ago(m, m->day);
	const float *y = model_y(m) + m->at;

	if (!day || m->n < day + 2 || m->at < day + 1)
		return (double)y[0];

	/* Yesterday's next step, at the level that today had before the gap. Yesterday is
	 * scaled already when it lies in the gap too. */
	const double then = feat_base(y - day, 2);

	if (m->clean > 0) {
		m->gap_ratio = then > 0 ? fmin(feat_base(y, 2) / then, 2.0) : 1.0;
		m->gap = 0;
	}
	return (double)y[1 - (ptrdiff_t)day] * (m->gap++ < day ? m->gap_ratio : 1.0);
}
