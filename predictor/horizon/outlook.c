/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "outlook.h"

#include "check.h"
#include "local_clock.h"

#define DAY_MS 86400000

void outlook_done(struct outlook *o)
{
	horizon_free(o->f);
	*o = (struct outlook){ 0 };
}

size_t outlook_held(const struct outlook *o, int64_t step_ms,
		    struct outlook_held ret[OUTLOOK_HELD])
{
	static const int hours[OUTLOOK_HELD] = { 1, 6, 24, 72 };
	size_t n = 0;

	for (size_t k = 0; k < OUTLOOK_HELD; k++) {
		const int64_t ahead_ms = hours[k] * INT64_C(3600000);
		const size_t steps = (size_t)(ahead_ms / step_ms);

		if (steps < 1 || steps > o->f->h)
			continue;
		ret[n++] = (struct outlook_held){ ahead_ms, o->f->held[steps - 1] };
	}
	return n;
}

/* From local steps to the steps ahead in UTC. */
static void to_utc(struct horizon *f, const size_t *at, size_t h)
{
	double *mean = xcalloc(h, sizeof(*mean));
	double *q = xcalloc(h * MAX(f->n_levels, (size_t)1), sizeof(*q));
	double *held = xcalloc(h, sizeof(*held));

	for (size_t j = 0; j < h; j++) {
		mean[j] = f->mean[at[j]];
		held[j] = f->held[at[j]];
		for (size_t k = 0; k < f->n_levels; k++)
			q[k * h + j] = f->q[k * f->h + at[j]];
	}
	free(f->mean);
	free(f->q);
	free(f->held);
	f->mean = mean;
	f->q = q;
	f->held = held;
	f->h = h;
}

/* The series on the clock of its zone, and the seasons it has there. */
static void look(const struct uplift_series *s, size_t h, struct local_clock *c,
		 struct outlook *o, size_t seasons[HORIZON_SEASONS])
{
	const size_t day = (size_t)(DAY_MS / s->step_ms);

	local_clock_lay(s, h, c);
	o->n_seasons = seasons_find(c->y, c->n, s->step_ms, o->seasons);
	seasons_choose(o->seasons, o->n_seasons, c->n, s->step_ms, seasons);
	o->assumes_day = o->n_seasons == 0 && day >= 4 && c->n < 3 * day;
	if (o->assumes_day)
		seasons[0] = day;
}

static bool goes_by_days(int64_t step_ms, const size_t seasons[HORIZON_SEASONS])
{
	for (size_t k = 0; k < HORIZON_SEASONS && seasons[k]; k++)
		if ((int64_t)seasons[k] * step_ms % DAY_MS == 0)
			return true;
	return false;
}

int outlook_make(const struct uplift_series *s, size_t h, const double *levels,
		 size_t n_levels, struct outlook *ret, struct err *err)
{
	struct horizon_opts opts = { .levels = levels, .n_levels = n_levels };
	CLEANUP(local_clock_done) struct local_clock c = { 0 };
	struct uplift_series utc = *s;
	struct outlook o = { 0 };
	int rc;

	if (h < 1 || h > HORIZON_STEPS)
		return err_set(err, ERR_INVAL, "%zu steps ahead are not 1 to %d", h,
			       HORIZON_STEPS);
	look(s, h, &c, &o, opts.seasons);
	if (!goes_by_days(s->step_ms, opts.seasons)) {
		utc.zone = NULL;
		local_clock_done(&c);
		look(&utc, h, &c, &o, opts.seasons);
	}
	opts.h = c.h;
	rc = horizon_forecast(c.y, c.n, &opts, &o.f, err);
	if (rc != 0)
		return rc;
	to_utc(o.f, c.at, h);
	*ret = o;
	return 0;
}
