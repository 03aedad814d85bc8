/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paid.h"

#include "check.h"
#include "cleanup.h"

#include <stdlib.h>
#include <string.h>

void paid_init(struct paid *p, struct paid_terms t, int64_t step)
{
	const int64_t unit = MAX(t.unit, INT64_C(1));
	const int64_t width = (unit + PAID_PHASES - 1) / PAID_PHASES;

	*p = (struct paid){ .unit = unit,
			    .least = paid_for(t, 1),
			    .step = step,
			    .width = width,
			    .n_phases = (size_t)((unit + width - 1) / width) };
}

void paid_done(struct paid *p)
{
	free(p->young);
	*p = (struct paid){ .unit = 1 };
}

/* ---------------------------------------------------------------- by phase */

/* Time since a unit's start, of a launch at 0. */
static int64_t within(const struct paid *p, int64_t at)
{
	return (at % p->unit + p->unit) % p->unit;
}

static size_t phase_of(const struct paid *p, int64_t launched_at)
{
	return (size_t)(within(p, launched_at) / p->width);
}

static void add_phase(struct paid *p, int64_t launched_at, size_t n)
{
	p->by_phase[phase_of(p, launched_at)] += n;
	p->count += n;
}

static void take(struct paid *p, size_t phase, size_t n)
{
	const size_t c = MIN(p->by_phase[phase], n);

	p->by_phase[phase] -= c;
	p->count -= c;
}

/* The k-th phase to end from now on. */
static size_t next_phase(const struct paid *p, int64_t now, size_t k)
{
	const int64_t first = (within(p, now) + p->width - 1) / p->width;

	return ((size_t)first + k) % p->n_phases;
}

static int64_t until_end(const struct paid *p, size_t phase, int64_t now)
{
	return within(p, (int64_t)phase * p->width - now);
}

/* ---------------------------------------------------------------- within the minimum */

static void add_young(struct paid *p, int64_t at, size_t n)
{
	if (p->n_young == p->young_size) {
		p->young_size = 2 * p->young_size + 8;
		p->young = xrealloc(p->young, p->young_size * sizeof(*p->young));
	}
	p->young[p->n_young++] = (struct paid_launch){ at, n };
}

/* Takes up to n of the i-th launch; returns how many. */
static size_t take_young(struct paid *p, size_t i, size_t n)
{
	const size_t c = MIN(p->young[i].n, n);

	p->young[i].n -= c;
	p->count -= c;
	if (p->young[i].n == 0)
		memmove(&p->young[i], &p->young[i + 1],
			(--p->n_young - i) * sizeof(*p->young));
	return c;
}

/* Those whose minimum is over before the next decision are as all others. */
static void grow_up(struct paid *p, int64_t now)
{
	while (p->n_young > 0 && p->young[0].at + p->least < now + p->step) {
		const struct paid_launch l = p->young[0];

		(void)take_young(p, 0, l.n);
		add_phase(p, l.at, l.n);
	}
}

/* ---------------------------------------------------------------- all */

void paid_add(struct paid *p, int64_t launched_at, size_t n)
{
	if (p->least == p->unit) {
		add_phase(p, launched_at, n);
		return;
	}
	add_young(p, launched_at, n);
	p->count += n;
}

void paid_cancel(struct paid *p, int64_t launched_at, size_t n)
{
	for (size_t i = p->n_young; i-- > 0;)
		if (p->young[i].at == launched_at)
			n -= take_young(p, i, n);
	take(p, phase_of(p, launched_at), n);
}

void paid_remove(struct paid *p, int64_t now, size_t n)
{
	const size_t left = p->count > n ? p->count - n : 0;

	grow_up(p, now);
	for (size_t k = 0; p->count > left;) {
		const size_t phase = next_phase(p, now, k);
		const int64_t young =
			p->n_young ? p->young[0].at + p->least - now : INT64_MAX;

		if (k == p->n_phases || young < until_end(p, phase, now)) {
			(void)take_young(p, 0, p->count - left);
			continue;
		}
		take(p, phase, p->count - left);
		k++;
	}
}

size_t paid_ending(struct paid *p, int64_t now)
{
	size_t n = 0;

	grow_up(p, now);
	for (size_t k = 0; k < p->n_phases; k++) {
		const size_t phase = next_phase(p, now, k);

		if (until_end(p, phase, now) >= p->step)
			break;
		n += p->by_phase[phase];
	}
	return n;
}

int64_t paid_begun(struct paid *p, int64_t now)
{
	int64_t paid = p->unit * (int64_t)paid_ending(p, now);

	for (size_t i = p->n_young; i-- > 0 && p->young[i].at >= now;)
		paid += p->least * (int64_t)p->young[i].n;
	return paid;
}
