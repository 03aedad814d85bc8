/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paid.h"

#include "check.h"

void paid_init(struct paid *p, int64_t unit, int64_t step)
{
	const int64_t width = (unit + PAID_PHASES - 1) / PAID_PHASES;

	*p = (struct paid){ .unit = unit,
			    .step = step,
			    .width = width,
			    .n_phases = (size_t)((unit + width - 1) / width) };
}

/* Time since a unit's start, of a launch at 0. */
static int64_t within(const struct paid *p, int64_t at)
{
	return (at % p->unit + p->unit) % p->unit;
}

static void take(struct paid *p, size_t phase, size_t n)
{
	const size_t c = MIN(p->by_phase[phase], n);

	p->by_phase[phase] -= c;
	p->count -= c;
}

void paid_add(struct paid *p, int64_t launched_at, size_t n)
{
	p->by_phase[within(p, launched_at) / p->width] += n;
	p->count += n;
}

void paid_cancel(struct paid *p, int64_t launched_at, size_t n)
{
	take(p, (size_t)(within(p, launched_at) / p->width), n);
}

/* The k-th phase to end from now on. */
static size_t next_phase(const struct paid *p, int64_t now, size_t k)
{
	const int64_t first = (within(p, now) + p->width - 1) / p->width;

	return ((size_t)first + k) % p->n_phases;
}

void paid_remove(struct paid *p, int64_t now, size_t n)
{
	size_t left = p->count > n ? p->count - n : 0;

	for (size_t k = 0; p->count > left; k++)
		take(p, next_phase(p, now, k), p->count - left);
}

size_t paid_ending(const struct paid *p, int64_t now)
{
	size_t n = 0;

	for (size_t k = 0; k < p->n_phases; k++) {
		const size_t phase = next_phase(p, now, k);

		if (within(p, (int64_t)phase * p->width - now) >= p->step)
			break;
		n += p->by_phase[phase];
	}
	return n;
}
