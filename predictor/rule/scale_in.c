/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scale_in.h"

#include <math.h>

#define MINUTE_MS 60000.0
#define AGAIN_MAX_MS 3600000.0 /* no forecast looks further for another rise */
#define NOTICE_MS MINUTE_MS    /* it is launched again so long before it is needed */
#define AT_ONCE_MAX 1000000    /* instances */

/* When instance k is likely needed again, from now on, in ms. */
static double again_ms(const struct decide_input *in, int64_t k)
{
	const double served = (double)(k - 1) * in->capacity;
	const double rise = in->again_far - in->again_near;

	if (served < in->again_near)
		return 0;
	if (rise <= 0)
		return AGAIN_MAX_MS;
	return fmin((double)in->lead_ms +
			    (double)in->outlook_ms * (served - in->again_near) / rise,
		    AGAIN_MAX_MS);
}

/*
 * How many of the instances above `lowest` save more than their boot, and what all of
 * them save and cost. When none does, the figures are those of the first.
 */
static int64_t weigh(struct deciding *d, int64_t lowest)
{
	const struct decide_input *in = d->in;
	struct decide_plan *p = d->plan;
	const double boot_ms = (double)in->lead_ms + NOTICE_MS;
	int64_t count = 0;

	for (int64_t k = p->from; k > lowest && count < AT_ONCE_MAX; k--) {
		const double ms = again_ms(in, k);

		if (ms <= boot_ms && count > 0)
			break;
		p->in_again_ms = (int64_t)ms;
		p->in_saves += ms / MINUTE_MS;
		p->in_costs += boot_ms / MINUTE_MS;
		p->in_count++;
		if (ms <= boot_ms)
			break;
		count++;
	}
	p->in_costs += in->action_price;
	return p->in_saves >= p->in_costs ? count : 0;
}

/* Whether the last one was a dwell ago. One in the future is from before the clock was
 * set back, and nobody knows when. */
static bool is_step_over(const struct deciding *d)
{
	const int64_t ago_ms = d->in->now_ms - d->state->in_since_ms;

	return ago_ms >= d->in->dwell_ms || ago_ms <= -d->in->dwell_ms;
}

int64_t step_in_left(const struct deciding *d)
{
	const struct decide_input *in = d->in;
	const struct decide_state *s = d->state;
	const bool is_over = is_step_over(d);

	if (in->step_in_max <= 0)
		return INT64_MAX;
	return MAX(in->step_in_max - (is_over ? 0 : s->in_count), INT64_C(0));
}

/* What the limits of one decision leave of count. */
static int64_t limit_in(struct deciding *d, int64_t count)
{
	const struct decide_input *in = d->in;
	const int64_t step = step_in_left(d);
	int64_t left = count;

	if (in->ending >= 0 && in->ending < left) {
		left = in->ending;
		d->plan->would_binding = DECIDE_BY_PAID;
		stage(d, "paid", d->plan->from - left);
	}
	if (step < left) {
		left = step;
		d->plan->would_binding = DECIDE_BY_STEP_IN;
		stage(d, "step-in", d->plan->from - left);
	}
	return left;
}

int64_t scale_in(struct deciding *d)
{
	struct decide_plan *p = d->plan;
	int64_t count;

	if (d->bounds.lower >= p->from) {
		p->would_binding = d->bounds.lower_by;
		return p->from;
	}
	if (d->in_block != DECIDE_BY_NOTHING)
		return keep(d, d->in_block);
	if (p->held >= p->from || d->is_dwelling)
		return keep(d, DECIDE_BY_DWELL);
	count = weigh(d, MAX(p->held, d->bounds.lower));
	if (count == 0)
		return keep(d, DECIDE_BY_AGAIN);
	stage(d, "economics", p->from - count);
	p->would_binding = DECIDE_BY_FORECAST;
	count = limit_in(d, count);
	if (count == 0)
		return keep(d, p->would_binding);
	p->would_cause = DECIDE_FELL;
	return p->from - count;
}

void count_in(struct deciding *d)
{
	struct decide_state *s = d->state;

	if (d->plan->desired >= d->plan->from)
		return;
	if (is_step_over(d))
		s->in_count = 0;
	/* It begins anew with each one, so that no dwell at all has more than the limit.
	 */
	s->in_since_ms = d->in->now_ms;
	s->in_count += d->plan->from - d->plan->desired;
}
