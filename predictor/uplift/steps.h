/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steps.h - the steps of a series that a span of time touches.
 */
#ifndef PREDICTOR_UPLIFT_STEPS_H
#define PREDICTOR_UPLIFT_STEPS_H

#include "check.h"
#include "uplift.h"

static inline int64_t time_of(const struct uplift_series *s, size_t i)
{
	return s->t0_ms + (int64_t)i * s->step_ms;
}

/* Steps that touch a span: [*from, *to), within the series. */
static inline void steps_of(const struct uplift_series *s, const struct uplift_span *of,
			    size_t *from, size_t *to)
{
	int64_t a = of->start_ms - s->t0_ms, b = of->end_ms - s->t0_ms;

	*from = a <= 0 ? 0 : MIN((size_t)(a / s->step_ms), s->n);
	*to = b <= 0 ? 0 : MIN((size_t)((b + s->step_ms - 1) / s->step_ms), s->n);
}

/* The share of a step that a span covers. */
static inline double coverage(const struct uplift_span *of, int64_t t_ms, int64_t step_ms)
{
	const int64_t a = MAX(of->start_ms, t_ms), b = MIN(of->end_ms, t_ms + step_ms);

	return b > a ? (double)(b - a) / (double)step_ms : 0;
}

#endif
