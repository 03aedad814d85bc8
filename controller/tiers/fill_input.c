/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fill_input.c - the part of a decision's input that is neither measured nor forecast:
 * settings, holds, schedules, instances and capacity.
 */
#include "deciding.h"

#include "calendar.h"
#include "check.h"
#include "money.h"
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
	in->thrift = d->ft->thrift;
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
	struct fleet_tier *ft = d->ft;

	ft->is_decided = true;
	ft->lead_ms = d->in.lead_ms;
	decide_bounds(&d->in, &ft->least, &ft->most);
	if (ft->most < 0)
		ft->most = INT64_MAX;
}

/* Instances whose hosts will soon have been used for all that is paid, and those without
 * a host. */
static int64_t count_ending(const struct deciding *d)
{
	const struct fleet_tier *ft = d->ft;
	const struct db_pool *p = fleet_pool(d->f, ft->t.pool);
	int64_t n = 0;

	if (!fleet_pool_is_paid_ahead(p))
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

size_t deciding_spare(const struct deciding *d)
{
	const struct decide_input *in = &d->in;
	const int64_t have = decide_from(in), keep = MAX(in->min, in->floor);

	if (in->stateful || in->hold_owner || in->distrust || have <= keep)
		return 0;
	return (size_t)(have - keep);
}

/* A tier of a higher priority that has instances in the same pool; NULL. */
static const struct fleet_tier *tier_above(const struct deciding *d, int64_t highest)
{
	const struct fleet_tier *best = NULL;

	if (d->ft->t.priority >= highest)
		return NULL;
	for (size_t i = 0; i < d->f->n_tiers; i++) {
		const struct fleet_tier *t = &d->f->tiers[i];

		if (t->t.priority > d->ft->t.priority && t->n_units > 0 &&
		    strcmp(t->t.pool, d->ft->t.pool) == 0 &&
		    (!best || t->t.priority > best->t.priority))
			best = t;
	}
	return best;
}

static void note_pool(struct deciding *d, int64_t highest)
{
	const struct db_pool *p = fleet_pool(d->f, d->ft->t.pool);
	const struct fleet_tier *above = tier_above(d, highest);
	size_t n;

	snprintf(d->pool, sizeof(d->pool), "pool %s", d->ft->t.pool);
	(void)fleet_pool_bound(p, d->pool_note, sizeof(d->pool_note));
	n = strlen(d->pool_note);
	if (above)
		snprintf(d->pool_note + n, sizeof(d->pool_note) - n,
			 ", shared with %s/%s of a higher priority", above->t.stack,
			 above->t.name);
	d->in.budget_name = d->pool;
	d->in.budget_note = d->pool_note;
}

static const char *name_tier(const struct fleet_tier *t, char *to, size_t size)
{
	if (!t)
		return NULL;
	snprintf(to, size, "%s/%s", t->t.stack, t->t.name);
	return to;
}

void deciding_fill_room(struct deciding *d, int64_t highest)
{
	const struct fleet_room *r = &d->ft->room;
	struct decide_input *in = &d->in;

	if (!r->known)
		return;
	in->budget = r->most;
	in->waiting = r->waiting;
	if (in->budget >= 0)
		note_pool(d, highest);
	if (r->yields_to && !hold_on(d->f, &r->yields_to->t))
		in->yields_to =
			name_tier(r->yields_to, d->yields_to, sizeof(d->yields_to));
	in->takes_from = name_tier(r->takes_from, d->takes_from, sizeof(d->takes_from));
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
