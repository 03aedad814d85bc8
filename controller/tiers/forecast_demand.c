/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forecast_demand.c - the forecast that a decision is based on: the model's, which is for
 * demand without events, with the effect of coming events.
 */
#include "deciding.h"

#include "calendar.h"
#include "check.h"
#include "log.h"
#include "samples.h"
#include "stacks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Why the forecast has its fallback level, with times in the stack's time zone. */
static const char *describe_fallback(struct deciding *d)
{
	const struct demand_source *w = &d->forecast.source;
	struct tz_civil c;
	char at[64];

	if (d->forecast.is_vetoed)
		return veto_why(&d->forecast.veto, DB_DEMAND_STEP_MS, d->why,
				sizeof(d->why));
	tz_civil(d->ft->cat ? d->ft->cat->zone : NULL, w->shift_ms, &c);
	snprintf(at, sizeof(at), "%02d:%02d on %04d-%02d-%02d", c.minute / 60,
		 c.minute % 60, c.year, c.month, c.day);
	return demand_why(w, at, d->why, sizeof(d->why));
}

static int list_events(struct tiers *ts, struct deciding *d, struct err *err)
{
	CLEANUP(tier_events_free) struct tier_events *was = TAKE(d->t->events);

	return tier_events_read(ts->db, d->ft->cat->events, d->ft->t.stack, d->ft->t.name,
				was, &d->t->events, err);
}

int deciding_read_events(struct tiers *ts, struct deciding *d, struct err *err)
{
	const struct catalog_tier *cat = d->ft->cat;
	const uint64_t serial = cat && cat->events->n ? cat->events_serial : 0;
	bool is_changed = false, is_behind = false;
	int rc = 0;

	if (serial != d->t->events_serial)
		tier_events_free(TAKE(d->t->events));
	d->t->events_serial = serial;
	if (serial && !d->t->events)
		rc = list_events(ts, d, err);
	if (rc == 0 && d->t->events)
		rc = tier_events_measure(d->t->events, ts->db, d->ft->t.stack,
					 d->ft->t.name, cat->zone, d->in.now_ms,
					 ts->measure_until_mono_ms, &is_changed,
					 &is_behind, err);
	ts->round.is_behind = ts->round.is_behind || is_behind;
	return rc == 0 && is_changed ? list_events(ts, d, err) : rc;
}

void deciding_list_events(struct tiers *ts, struct deciding *d)
{
	const struct event_list *l = d->ft->cat ? d->ft->cat->events : NULL;
	struct err err;

	if (!d->t->events && l && l->n && list_events(ts, d, &err) < 0)
		log_warn("events-not-read", STR("stack", d->ft->t.stack),
			 STR("tier", d->ft->t.name), ERR(&err));
}

/* The events that a forecast of the next ahead_ms accounts for. */
static void name_events(const struct tier_events *e, int64_t now_ms, int64_t ahead_ms,
			const struct uplift *u, struct decide_events *ret)
{
	const char *names[2 * DECIDE_EVENTS_MAX];
	size_t n =
		tier_events_names(e, now_ms, now_ms + ahead_ms, names, ARRAY_SIZE(names));

	*ret = (struct decide_events){ .uplift = u->mid, .learned_from = u->n };
	for (size_t i = 0; i < n; i++) {
		if (!tier_events_knows(e, names[i]))
			ret->unknown = names[i];
		else if (ret->n < DECIDE_EVENTS_MAX)
			ret->names[ret->n++] = names[i];
	}
}

/* What coming events do within the lead time, and within lead time and outlook; false:
 * there are none. */
static bool find_events(struct deciding *d, struct policy_events *ret)
{
	struct decide_input *in = &d->in;
	const struct tier_events *e = d->t->events;
	/* Include what starts at the very end of the lead time. */
	const int64_t near_ms = in->lead_ms + DB_DEMAND_STEP_MS;
	const int64_t far_ms = near_ms + POLICY_OUTLOOK_MS;

	if (!e || !e->n)
		return false;
	ret->near = tier_events_within(e, in->now_ms, in->now_ms + near_ms);
	ret->far = tier_events_within(e, in->now_ms, in->now_ms + far_ms);
	name_events(e, in->now_ms, near_ms, &ret->near, &in->events);
	name_events(e, in->now_ms, far_ms, &ret->far, &in->events_far);
	return true;
}

/* Are the instances that serve those that were decided here? */
static bool is_followed(const struct decide_input *in)
{
	return in->mode == DECIDE_AUTO && !in->hold_owner && !in->thrift;
}

/* The tiers of its stack, of the round's. */
static void find_fronts(const struct tiers *ts, const struct deciding *d,
			struct tier_view *v)
{
	const struct fleet *f = d->f;
	const struct fleet_tier *own =
		ts->fronts ? fleet_tier(d->f, d->ft->t.stack, d->ft->t.name) : NULL;
	size_t first, end;

	if (!own)
		return;
	first = (size_t)(own - f->tiers);
	end = first + 1;
	while (first > 0 && strcmp(f->tiers[first - 1].t.stack, d->ft->t.stack) == 0)
		first--;
	while (end < f->n_tiers && strcmp(f->tiers[end].t.stack, d->ft->t.stack) == 0)
		end++;
	v->fronts = ts->fronts + first;
	v->n_fronts = end - first;
}

static struct tier_view view_of(struct deciding *d)
{
	const struct decide_input *in = &d->in;

	return (struct tier_view){
		.tier = &d->ft->t,
		.pool = fleet_pool(d->f, d->ft->t.pool),
		.lead_ms = in->lead_ms,
		.lead_spread = d->lead.spread,
		.offset_ms =
			tz_offset_ms(d->ft->cat ? d->ft->cat->zone : NULL, in->now_ms),
		.events = d->t->events,
		.served = is_followed(in) ? in->running : -1,
		.is_bound = d->t->is_bound,
		.calendar = d->ft->cat ? &d->ft->cat->calendar : NULL,
		.zone = d->ft->cat ? d->ft->cat->zone : NULL,
	};
}

void deciding_forecast(struct tiers *ts, struct deciding *d)
{
	struct decide_input *in = &d->in;
	const struct policy_bounds bounds = { in->floor, in->ceiling, in->budget };
	struct tier_view v = view_of(d);
	struct policy_events events;
	struct err err;

	in->forecast_mid = in->forecast_high = in->out_gain = NAN;
	in->again_near = in->again_far = NAN;
	in->demand_sure = in->demand;
	if (d->ft->t.capacity <= 0)
		return;
	v.bounds = &bounds;
	find_fronts(ts, d, &v);
	if (tier_model_update(d->t->model, &ts->round, &v, &d->forecast, &err) < 0) {
		log_warn("forecast-failed", STR("stack", d->ft->t.stack),
			 STR("tier", d->ft->t.name), ERR(&err));
		return;
	}
	if (!d->forecast.known)
		return;
	tier_model_fill(d->t->model, find_events(d, &events) ? &events : NULL, in,
			&d->forecast);
	in->follows = d->forecast.follows.tier;
	in->follows_ahead_ms = d->forecast.follows.ahead_ms;
	in->follows_gain = d->forecast.follows.gain;
	in->follows_over_ms = d->forecast.follows.over_ms;
	/* The last minute's, or what a shorter count shows beyond its noise. */
	in->demand_sure = fmax(in->demand_sure, d->evidence);
	in->fallback_level = demand_fallback_name(d->forecast.allowed);
	in->fallback_reason = describe_fallback(d);
}
