/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * learn.c - one step of the series: learn the target that is complete now, look at
 * the present, say what comes.
 */
#include "check.h"
#include "model.h"

#include <math.h>
#include <string.h>

static double clamp(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

/* A size that is as good as nothing, so that logarithms exist. */
static double nothing(const struct demand_model *m)
{
	return 1e-3 * m->level + TINY;
}

static void push(struct demand_model *m, double demand)
{
	float *y = model_y(m);

	if (m->n > 0)
		m->at++;
	if (m->at == m->memory + SLACK) {
		memmove(y, y + SLACK, m->memory * sizeof(*y));
		m->at -= SLACK;
	}
	y[m->at] = (float)demand;
	m->n++;
	m->top = fmax(m->top, demand);
	m->stats.steps++;
	m->since_offset++;
	m->level += ((double)y[m->at] - m->level) / fmin((double)m->n, 10080);
}

/* Steps back to this time of the local clock, `season` ago; 0 when it is not in memory.
 */
static size_t ago(const struct demand_model *m, size_t season)
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

static size_t slot_now(const struct demand_model *m)
{
	const int64_t day_ms = 86400000;
	const int64_t t = m->last_ms + (int64_t)m->offset_s * 1000;
	const int64_t tod = ((t % day_ms) + day_ms) % day_ms;

	return MIN((size_t)(tod / m->opts.step_ms), m->slots - 1);
}

static void observe_spread(struct demand_model *m, struct lead *l, struct origin *o)
{
	const double eps = nothing(m), unit = log(m->level + TINY);
	const double here = (double)lead_sizes(l)[o->slot / SIZES_STEPS];
	const double base = (double)o->base;
	const double size[SPREAD_N] = {
		[SPREAD_UP] = l->up,
		[SPREAD_FAST] = l->fast,
		[SPREAD_MID] = l->mid,
		[SPREAD_SLOW] = l->slow,
		[SPREAD_DAY] = l->shape.day ? here : 0,
		[SPREAD_BASE] = base,
		[SPREAD_RANGE] =
			(double)o->x[FEAT_MAX10] - fmin((double)o->x[FEAT_MEAN], 0),
		[SPREAD_RISE] = fabs((double)o->x[FEAT_DAY]),
		[SPREAD_MOVE] = fabs((double)o->centre[DEMAND_FULL]),
	};

	o->v[SPREAD_ONE] = 1;
	for (int k = SPREAD_ONE + 1; k < SPREAD_N; k++)
		o->v[k] = (float)(log(size[k] + eps) - unit);
	o->sigma[DEMAND_FULL] =
		(float)clamp(exp(unit + ridge_predict(lead_spread(l), o->v)), eps,
			     10 * (base + m->level) + eps);
}

/* The simple methods: no rise, and yesterday's. */
static void observe_simple(const struct demand_model *m, const struct lead *l,
			   struct origin *o)
{
	const double prior = m->opts.prior_swing * (double)o->base;

	o->centre[DEMAND_REACTIVE] = 0;
	o->centre[DEMAND_SEASONAL] = o->x[FEAT_PROFILE];
	for (int r = DEMAND_REACTIVE; r < DEMAND_FULL; r++) {
		const double usual =
			l->learned < 10 ? fmax(l->miss[r], prior) : l->miss[r];

		o->sigma[r] = (float)fmax(usual, nothing(m));
	}
}

static void observe(struct demand_model *m, struct lead *l, bool filled)
{
	const float *y = model_y(m) + m->at;
	struct origin *o = lead_origin(m, l, 0);
	const size_t have = MIN((size_t)m->n, m->past);

	o->slot = (uint32_t)slot_now(m);
	o->filled = filled;
	feat_fill(&l->shape, y, have, ago(m, l->shape.day), ago(m, l->shape.week),
		  (double)half_value(lead_profile(l)[o->slot]), o->x);
	o->base = (float)feat_base(y, have);
	/* Never to below nothing, nor to more than twice of all that was ever seen. */
	o->centre[DEMAND_FULL] = (float)clamp(ridge_predict(lead_mean(l), o->x),
					      -(double)o->base, 2 * m->top);
	observe_spread(m, l, o);
	observe_simple(m, l, o);
}

static void learn_sizes(struct demand_model *m, struct lead *l, const struct origin *o,
			double target, double size)
{
	uint16_t *rise = lead_profile(l) + o->slot;
	float *usual = lead_sizes(l) + o->slot / SIZES_STEPS;
	const double pace = l->learned < m->slots ? 1.0 : PROFILE_PACE;

	l->fast += (size - l->fast) / 8;
	l->mid += (size - l->mid) / 60;
	l->slow += (size - l->slow) / 1440;
	if (!l->shape.day)
		return;
	/* After a closed hour a rise over the level says little; a thousandfold is
	 * enough. */
	const double over = clamp(target / fmax((double)o->base, nothing(m)), -1, 1000);
	const double so_far = (double)half_value(*rise);

	*rise = half_of((float)(so_far + pace * (over - so_far)));
	*usual += (float)(pace / SIZES_STEPS * (size - (double)*usual));
}

/* The largest rise over the base within the lead time that ends now. */
static double target_of(struct demand_model *m, const struct lead *l,
			const struct origin *o)
{
	const float *y = model_y(m) + m->at;
	double top = 0;

	for (size_t k = 0; k < l->window; k++)
		top = fmax(top, (double)y[-(ptrdiff_t)k]);
	return top - (double)o->base;
}

/* The origin whose lead time ends with the newest value: what was it, against what was
 * said. */
static void learn(struct demand_model *m, struct lead *l)
{
	if (m->n <= l->window)
		return;

	const struct origin *o = lead_origin(m, l, l->window);

	if (o->filled || m->clean < l->window)
		return;

	const double target = target_of(m, l, o);
	const double miss = target - (double)o->centre[DEMAND_FULL], size = fabs(miss);
	/* Freak is what is large against the usual miss and was not so yesterday. */
	const double limit = fmax(HUBER * (double)o->sigma[DEMAND_FULL],
				  2 * fabs((double)o->x[FEAT_DAY]));
	const double unit = log(m->level + TINY);

	lead_judge(m, l, o, target);
	ridge_add(lead_mean(l), o->x, target, size > limit ? limit / size : 1);
	ridge_add(lead_spread(l), o->v, log(size + nothing(m)) - unit, 1);
	/* One distribution serves all fallback levels: that of the fallback level in
	 * force. */
	sketch_add(&l->sketch, (target - (double)o->centre[l->fallback_level]) /
				       (double)o->sigma[l->fallback_level]);
	l->up += (fmax(miss, 0) - l->up) / 120;
	learn_sizes(m, l, o, target, size);
	l->learned++;
}

double model_guess(struct demand_model *m)
{
	const size_t day = ago(m, m->day);
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

static double level_at(const float *y, size_t n)
{
	double sum = 0;

	for (size_t k = 0; k < n; k++)
		sum += (double)y[-(ptrdiff_t)k];
	return sum / (double)n;
}

/* Has the level moved away from the season? It says what is nearer: yesterday or the same
 * day a week ago. */
static void watch(struct demand_model *m)
{
	const size_t day = ago(m, m->day), week = ago(m, 7 * m->day);
	const size_t have = MIN((size_t)m->n, m->past);
	const float *y = model_y(m) + m->at;
	double season;

	if (!day || have < 2 * m->day || have < day + m->smooth)
		return;

	const double now = level_at(y, m->smooth);

	season = level_at(y - day, m->smooth);
	if (week && have >= week + m->smooth) {
		const double weekly = level_at(y - week, m->smooth);

		season = fabs(weekly - now) < fabs(season - now) ? weekly : season;
	}
	shift_note(&m->shift, now, season, m->level);
}

void lead_solve(struct lead *l)
{
	ridge_solve(lead_mean(l));
	ridge_solve(lead_spread(l));
	sketch_solve(&l->sketch);
	for (int k = 0; k < DEMAND_BANDS; k++)
		l->z[k] = sketch_quantile(&l->sketch, demand_bands[k]);
}

void model_step(struct demand_model *m, double demand, bool filled)
{
	for (size_t k = 0; !filled && k < m->opts.n_leads; k++)
		lead_steer(m, model_lead(m, k), demand);
	push(m, demand);
	m->clean = filled ? 0 : m->clean + 1;
	m->stats.missing += filled;
	if (!filled)
		watch(m);
	for (size_t k = 0; k < m->opts.n_leads; k++) {
		struct lead *l = model_lead(m, k);

		learn(m, l);
		if (m->n % SOLVE_EVERY == 0)
			lead_solve(l);
		observe(m, l, filled);
		lead_decide(m, l);
	}
}
