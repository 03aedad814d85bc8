/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks_forecast.c - callback of the API for a tier's forecast of hours or days. Called
 * by the API's threads.
 */
#include "check.h"
#include "clock.h"
#include "horizon.h"
#include "samples.h"
#include "text.h"
#include "tiers.h"
#include "wiring.h"

#include <math.h>

#define FIVE_MINUTES_MS 300000
#define DAY_MS 86400000
#define HISTORY_DAYS 28 /* enough to find a week's season */
#define FORECAST_POINTS 96

/* Forecasts are made in steps of 5 minutes, of which every clock change is a multiple,
 * and reported in few enough points for a chart. */
struct plan {
	int64_t now_ms, from_ms; /* of the history */
	size_t n, h;             /* steps of history and ahead */
	size_t every;            /* steps per point */
};

static struct plan plan_forecast(int64_t horizon_ms)
{
	struct plan p = { .n = HISTORY_DAYS * (size_t)(DAY_MS / FIVE_MINUTES_MS) };

	p.h = (size_t)MAX(horizon_ms / FIVE_MINUTES_MS, 1);
	p.every = MAX(p.h / FORECAST_POINTS, (size_t)1);
	p.now_ms = clock_now_ms() / FIVE_MINUTES_MS * FIVE_MINUTES_MS;
	p.from_ms = p.now_ms - (int64_t)p.n * FIVE_MINUTES_MS;
	return p;
}

/* Minutes to steps, by their mean. */
static int read_history(struct daemon *d, const struct plan *p, const char *stack,
			const char *tier, double *y, struct err *err)
{
	const size_t per = FIVE_MINUTES_MS / DB_DEMAND_STEP_MS;
	CLEANUP(free) double *minutes = xcalloc(p->n * per, sizeof(*minutes));
	int rc =
		db_demand_range(d->db, stack, tier, p->from_ms, minutes, p->n * per, err);

	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		double sum = 0;
		size_t count = 0;

		for (size_t k = i * per; k < (i + 1) * per; k++) {
			if (isnan(minutes[k]))
				continue;
			sum += minutes[k];
			count++;
		}
		y[i] = count ? sum / (double)count : NAN;
	}
	return rc;
}

static json_t *points_json(const struct plan *p, const struct horizon *f)
{
	json_t *points = json_array();

	for (size_t i = 0; i + p->every <= f->h; i += p->every) {
		json_t *q = json_array();

		for (size_t k = 0; k < f->n_levels; k++)
			json_array_append_new(q, json_finite(f->q[k * f->h + i]));
		json_array_append_new(
			points,
			json_pack("{s:o, s:o}", "t",
				  json_time(p->now_ms + (int64_t)i * FIVE_MINUTES_MS),
				  "q", q));
	}
	return points;
}

static json_t *forecast_json(const struct plan *p, const struct outlook *o,
			     const double *levels, const json_t *live,
			     const struct tier_events *e)
{
	json_t *list = json_array();
	const json_t *lead = json_object_get(live, "lead");

	for (size_t k = 0; k < o->f->n_levels; k++)
		json_array_append_new(list, json_real(levels[k]));
	return json_pack(
		"{s:o, s:I, s:O?, s:o, s:o, s:o, s:o, s:O?, s:O?, s:s, s:o}", "made_at",
		json_time(clock_now_ms()), "step_ms",
		(json_int_t)p->every * FIVE_MINUTES_MS, "lead_ms",
		json_object_get(lead, "used_ms"), "levels", list, "seasons",
		outlook_seasons_json(o, FIVE_MINUTES_MS), "held",
		outlook_held_json(o, FIVE_MINUTES_MS), "points", points_json(p, o->f),
		"fallback_level", json_object_get(live, "fallback_level"), "why",
		json_object_get(live, "fallback_reason"), "method", o->f->method,
		"events",
		tier_events_json(e, p->now_ms,
				 p->now_ms + (int64_t)p->h * FIVE_MINUTES_MS, p->now_ms));
}

/* Forecasts from the first known demand on. */
static int look_ahead(const struct plan *p, const struct event_view *v, double *y,
		      const double *levels, size_t n_levels, struct outlook *ret,
		      struct err *err)
{
	size_t first = 0;

	while (first < p->n && isnan(y[first]))
		first++;
	if (first == p->n)
		return err_set(err, ERR_CONFLICT,
			       "no demand has been recorded yet: import some, or wait");

	const struct uplift_series s = { y + first, p->n - first,
					 p->from_ms + (int64_t)first * FIVE_MINUTES_MS,
					 FIVE_MINUTES_MS, v->zone };

	return outlook_make(&s, p->h, levels, n_levels, ret, err);
}

static int hook_forecast(void *arg, const char *stack, const char *tier,
			 int64_t horizon_ms, json_t **ret, struct err *err)
{
	static const double levels[] = { 0.05, 0.5, 0.95 };
	struct daemon *d = arg;
	const struct plan p = plan_forecast(horizon_ms);
	CLEANUP(outlook_done) struct outlook o = { 0 };
	CLEANUP(json_decref) json_t *live = NULL;
	CLEANUP(free) double *y = xcalloc(p.n, sizeof(*y));
	CLEANUP(event_view_done) struct event_view v = { 0 };
	CLEANUP(tier_events_free) struct tier_events *e = NULL;
	int rc = read_history(d, &p, stack, tier, y, err);

	if (rc == 0)
		rc = event_view_read(d->db, stack, p.now_ms, &v, err);
	if (rc == 0)
		rc = tier_events_read(d->db, &v.list, stack, tier, NULL, &e, err);
	if (rc < 0)
		return rc;
	tier_events_divide(e, p.from_ms, FIVE_MINUTES_MS, y, p.n);
	rc = look_ahead(&p, &v, y, levels, ARRAY_SIZE(levels), &o, err);
	if (rc < 0)
		return err_wrap(err, rc, "%s/%s", stack, tier);
	uplift_forecast(e->expected, e->n, p.now_ms, FIVE_MINUTES_MS, levels,
			o.f->n_levels, o.f->mean, o.f->q, o.f->h);
	live = d->tick ? tick_tier_live(d->tick, stack, tier) : NULL;
	*ret = forecast_json(&p, &o, levels, live, e);
	return 0;
}

void daemon_forecast_hooks(struct api_hooks *ret)
{
	ret->forecast = hook_forecast;
}
