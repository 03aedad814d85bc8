/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fill_input.c - the part of a decision's input that is neither measured nor forecast:
 * settings, holds, schedules, instances and capacity.
 */
#include "deciding.h"

#include "calendar.h"
#include "check.h"
#include "stacks.h"

#include <math.h>
#include <string.h>

#define STALE_TICKS 6      /* demand older than this many ticks is stale */
#define STALE_MIN_MS 90000 /* but not before, calendar */

static const struct db_hold *hold_on(const struct fleet *f, const struct db_tier *t)
{
	for (size_t i = 0; i < f->holds.n; i++) {
		const struct db_hold *h = &f->holds.v[i];

		if (strcmp(h->stack, t->stack) == 0 &&
		    (!*h->tier || strcmp(h->tier, t->name) == 0))
			return h;
	}
	return NULL;
}

static void fill_operator(struct deciding *d)
{
	const struct db_tier *t = &d->ft->t;
	const struct db_hold *hold = hold_on(d->f, t);
	struct decide_input *in = &d->in;

	in->stack = t->stack;
	in->tier = t->name;
	in->mode = (enum decide_mode)t->mode;
	in->min = t->min;
	in->max = t->max;
	in->unit = *t->capacity_unit ? t->capacity_unit : "/s";
	in->risk = t->risk_ratio;
	in->price = t->price_ratio;
	in->step_out_max = t->step_out_max;
	in->step_in_max = t->step_in_max;
	in->dwell_ms = t->dwell_ms;
	in->action_price = t->action_price;
	in->stateful = t->stateful;
	if (hold) {
		in->hold_owner = hold->owner;
		in->hold_reason = hold->reason;
		in->hold_until_ms = hold->expires_ms;
	}
}

static void fill_bounds(struct deciding *d)
{
	struct decide_input *in = &d->in;
	struct calendar_bounds b = { .floor = -1, .ceiling = -1 };

	if (d->ft->cat)
		calendar_bounds(&d->ft->cat->calendar, d->ft->cat->zone, in->now_ms,
				in->lead_ms, &b);
	in->floor = b.floor;
	in->floor_name = b.floor_name;
	in->ceiling = b.ceiling;
	in->ceiling_name = b.ceiling_name;
	in->budget = -1;
}

/* For others that look at the tier in this round. */
static void show_settings(struct deciding *d)
{
	const struct decide_input *in = &d->in;
	const int64_t max = in->max >= 0 ? in->max : INT64_MAX;
	struct fleet_tier *ft = d->ft;

	ft->is_decided = true;
	ft->lead_ms = in->lead_ms;
	ft->least = MIN(MAX(in->min, in->floor), max);
	ft->most = MAX(in->ceiling >= 0 ? MIN(max, in->ceiling) : max, ft->least);
}

/* Instances whose hosts will soon have been used for all that is paid, and those without
 * a host. */
static int64_t count_ending(const struct deciding *d)
{
	const struct fleet_tier *ft = d->ft;
	const struct db_pool *p = stack_pool_in(&d->f->pools, ft->t.pool);
	int64_t n = 0;

	if (!p || p->billing_ms == 0)
		return -1;
	for (size_t i = 0; i < ft->n_units; i++) {
		const struct fleet_unit *u = &d->f->units[ft->first_unit + i];

		n += u->u.goal == DB_GOAL_RUN &&
		     (!u->host || fleet_host_is_ending(d->f, u->host));
	}
	return n;
}

static void fill_fleet(struct deciding *d)
{
	struct decide_input *in = &d->in;

	in->running = (int64_t)d->ft->healthy;
	in->starting = (int64_t)(d->ft->running - d->ft->healthy);
	in->overdue = lead_count_overdue(&d->lead, d->f, d->ft);
	in->ending = count_ending(d);
	in->desired = d->ft->t.desired;
	in->desired_since_ms = d->ft->t.desired_since_ms;
	in->distrust = d->ctx->distrust;
}

void deciding_fill(struct tiers *ts, struct deciding *d)
{
	d->t = tier_list_get(&ts->tiers, &d->ft->t);
	d->in.now_ms = d->f->now_ms;
	d->in.stale_after_ms = MAX(STALE_TICKS * d->ctx->tick_ms, STALE_MIN_MS);
	d->in.lead_ms = d->lead.used_ms;
	d->in.is_lead_prior = d->lead.prior;
	fill_operator(d);
	fill_bounds(d);
	fill_fleet(d);
	show_settings(d);
}

/* In this round's fleet the capacity in force replaces the declared one. */
void deciding_fill_capacity(struct tiers *ts, struct deciding *d)
{
	struct decide_input *in = &d->in;
	const bool is_usable = decide_is_fresh(in) && !in->distrust && !in->missing;

	tier_capacity_step(d->t->capacity, &ts->capacities, d->ft,
			   is_usable ? in->demand : NAN, &d->capacity);
	d->ft->t.capacity = in->capacity = d->capacity.value;
	in->capacity_source = d->capacity.source;
	in->capacity_note = *d->capacity.note ? d->capacity.note : NULL;
}
