/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * demand_learn.c - one step of the series: learn the target that is complete now, look at
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

static void observe_spread(struct demand_model *m, struct origin *o)
{
	const double eps = nothing(m), unit = log(m->level + TINY);
	const double here = (double)model_sizes(m)[o->slot / SIZES_STEPS];

	o->v[SPREAD_ONE] = 1;
	o->v[SPREAD_UP] = log(m->up + eps) - unit;
	o->v[SPREAD_FAST] = log(m->fast + eps) - unit;
	o->v[SPREAD_MID] = log(m->mid + eps) - unit;
	o->v[SPREAD_SLOW] = log(m->slow + eps) - unit;
	o->v[SPREAD_DAY] = log((m->shape.day ? here : 0) + eps) - unit;
	o->v[SPREAD_BASE] = log(o->base + eps) - unit;
	o->v[SPREAD_RANGE] =
		log(o->x[FEAT_MAX10] - fmin(o->x[FEAT_MEAN], 0) + eps) - unit;
	o->v[SPREAD_RISE] = log(fabs(o->x[FEAT_DAY]) + eps) - unit;
	o->v[SPREAD_MOVE] = log(fabs(o->centre[DEMAND_FULL]) + eps) - unit;
	o->sigma[DEMAND_FULL] = clamp(exp(unit + ridge_predict(&m->spread, o->v)), eps,
				      10 * (o->base + m->level) + eps);
}

/* The simple methods: no rise, and yesterday's. */
static void observe_simple(const struct demand_model *m, struct origin *o)
{
	const double prior = m->opts.prior_swing * o->base;

	o->centre[DEMAND_REACTIVE] = 0;
	o->centre[DEMAND_SEASONAL] = o->x[FEAT_PROFILE];
	for (int r = DEMAND_REACTIVE; r < DEMAND_FULL; r++)
		o->sigma[r] = m->learned < 10 ? fmax(m->miss[r], prior) : m->miss[r];
	for (int r = DEMAND_REACTIVE; r < DEMAND_FULL; r++)
		o->sigma[r] = fmax(o->sigma[r], nothing(m));
}

static void observe(struct demand_model *m, bool filled)
{
	const float *y = model_y(m) + m->at;
	struct origin *o = model_origin(m, 0);
	const size_t have = MIN((size_t)m->n, m->memory);

	o->slot = slot_now(m);
	o->filled = filled;
	feat_fill(&m->shape, y, have, ago(m, m->shape.day), ago(m, m->shape.week),
		  (double)model_profile(m)[o->slot], o->x);
	o->base = feat_base(y, have);
	/* Never to below nothing, nor to more than twice of all that was ever seen. */
	o->centre[DEMAND_FULL] =
		clamp(ridge_predict(&m->mean, o->x), -o->base, 2 * m->top);
	observe_spread(m, o);
	observe_simple(m, o);
}

static void learn_sizes(struct demand_model *m, const struct origin *o, double target,
			double size)
{
	float *rise = model_profile(m) + o->slot;
	float *usual = model_sizes(m) + o->slot / SIZES_STEPS;
	const double pace = m->learned < m->slots ? 1.0 : PROFILE_PACE;

	m->fast += (size - m->fast) / 8;
	m->mid += (size - m->mid) / 60;
	m->slow += (size - m->slow) / 1440;
	if (!m->shape.day)
		return;
	/* After a closed hour a rise over the level says little; a thousandfold is
	 * enough. */
	const double over = clamp(target / fmax(o->base, nothing(m)), -1, 1000);

	*rise += (float)(pace * (over - (double)*rise));
	*usual += (float)(pace / SIZES_STEPS * (size - (double)*usual));
}

/* The origin whose lead time ends with the newest value: what was it, against what was
 * said. */
static void learn(struct demand_model *m)
{
	if (m->n <= m->window)
		return;

	const float *y = model_y(m) + m->at;
	const struct origin *o = model_origin(m, m->window);
	double top = 0;

	if (o->filled || m->clean < m->window)
		return;
	for (size_t k = 0; k < m->window; k++)
		top = fmax(top, (double)y[-(ptrdiff_t)k]);

	const double target = top - o->base;
	const double miss = target - o->centre[DEMAND_FULL], size = fabs(miss);
	/* Freak is what is large against the usual miss and was not so yesterday. */
	const double limit =
		fmax(HUBER * o->sigma[DEMAND_FULL], 2 * fabs(o->x[FEAT_DAY]));
	const double unit = log(m->level + TINY);

	model_judge(m, o, target);
	ridge_add(&m->mean, o->x, target, size > limit ? limit / size : 1);
	ridge_add(&m->spread, o->v, log(size + nothing(m)) - unit, 1);
	/* One distribution serves all rungs: that of the rung in force. */
	sketch_add(&m->sketch, (target - o->centre[m->rung]) / o->sigma[m->rung]);
	m->up += (fmax(miss, 0) - m->up) / 120;
	learn_sizes(m, o, target, size);
	m->learned++;
}

double model_guess(struct demand_model *m)
{
	const size_t day = ago(m, m->shape.day);
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

void model_step(struct demand_model *m, double demand, bool filled)
{
	if (!filled)
		model_steer(m, demand);
	push(m, demand);
	m->clean = filled ? 0 : m->clean + 1;
	m->stats.missing += filled;
	learn(m);
	if (m->n % SOLVE_EVERY == 0) {
		ridge_solve(&m->mean);
		ridge_solve(&m->spread);
		sketch_solve(&m->sketch);
	}
	observe(m, filled);
	model_decide(m);
}
