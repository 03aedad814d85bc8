/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "demand.h"

#include "check.h"
#include "learn.h"
#include "lookback.h"
#include "options.h"
#include "step.h"

#include <math.h>
#include <string.h>

static size_t aligned(size_t n)
{
	return (n + 7) / 8 * 8;
}

/* Reserves an array at the end of a lead; returns its offset in the data. */
static size_t place(struct lead *l, size_t bytes)
{
	const size_t at = l->size - sizeof(*l);

	l->size += aligned(bytes);
	return at;
}

/* All of a lead except its data. */
static struct lead lead_of(const struct demand_model *m, size_t lead_steps)
{
	struct lead l = { .size = sizeof(l), .window = lead_steps + 1 };

	feat_shape_init(&l.shape, (double)m->opts.step_ms / 1000.0, l.window);
	l.mean_at = place(&l, ridge_size(FEAT_N));
	l.spread_at = place(&l, ridge_size(SPREAD_N));
	l.origins_at = place(&l, l.window * sizeof(struct origin));
	l.sizes_at = place(&l, (m->slots / SIZES_STEPS + 1) * sizeof(float));
	l.profile_at = place(&l, m->slots * sizeof(uint16_t));
	histogram_init(&l.histogram,
		       HISTOGRAM_DAYS * 86400000.0 / (double)m->opts.step_ms,
		       PRIOR_HISTOGRAM);
	l.fallback_level = DEMAND_REACTIVE;
	l.reason = DEMAND_NO_SAMPLE;
	return l;
}

static void lead_init(struct lead *l, const struct demand_opts *o)
{
	const double half_life = HALF_LIFE_DAYS * 86400000.0 / (double)o->step_ms;
	struct ridge *spread = lead_spread(l);

	ridge_init(lead_mean(l), FEAT_N, half_life, PRIOR_MEAN);
	ridge_init(spread, SPREAD_N, half_life, PRIOR_SPREAD);
	/* Without history the error is the stated swing of the present level. */
	ridge_b(spread)[SPREAD_ONE] = ridge_b0(spread)[SPREAD_ONE] = log(o->prior_swing);
	ridge_b(spread)[SPREAD_BASE] = ridge_b0(spread)[SPREAD_BASE] = 1;
	lead_solve(l);
}

/* All of a model except its data. */
static struct demand_model model_of(const struct demand_opts *opts)
{
	struct demand_model m = { .magic = DEMAND_MAGIC,
				  .version = DEMAND_STATE_VERSION,
				  .opts = *opts };
	struct feat_shape widest;
	size_t longest = 0;

	if (m.opts.prior_swing == 0)
		m.opts.prior_swing = DEMAND_PRIOR_SWING;
	for (size_t k = 0; k < opts->n_leads; k++)
		longest = MAX(longest, opts->lead_steps[k]);
	feat_shape_init(&widest, (double)opts->step_ms / 1000.0, 1);
	m.day = widest.day;
	m.smooth = widest.smooth;
	m.slots = MAX(widest.day, (size_t)1);
	m.past = feat_memory(&widest);
	m.memory = m.past + longest + 1;
	level_shift_init(&m.shift, m.opts.prior_swing,
			 SHIFT_DAYS * 86400000.0 / (double)opts->step_ms,
			 SHIFT_HOURS * 3600000.0 / (double)opts->step_ms);
	m.size = sizeof(m) + aligned((m.memory + SLACK) * sizeof(float));
	for (size_t k = 0; k < opts->n_leads; k++) {
		m.lead_at[k] = m.size - sizeof(m);
		m.size += lead_of(&m, opts->lead_steps[k]).size;
	}
	return m;
}

int demand_model_new(const struct demand_opts *opts, struct demand_model **ret,
		     struct err *err)
{
	const int rc = demand_opts_check(opts, err);

	if (rc != 0)
		return rc;

	const struct demand_model head = model_of(opts);
	struct demand_model *m = xcalloc(1, head.size);

	memcpy(m, &head, sizeof(head));
	for (size_t k = 0; k < opts->n_leads; k++) {
		const struct lead l = lead_of(m, opts->lead_steps[k]);

		memcpy(model_lead(m, k), &l, sizeof(l));
		lead_init(model_lead(m, k), &m->opts);
	}
	*ret = m;
	return 0;
}

void demand_model_free(struct demand_model *m)
{
	if (!m)
		return;
	CHECK_MAGIC(m, DEMAND_MAGIC);
	m->magic = 0;
	free(m);
}

/* Fills the steps without a sample up to the one that starts at t_ms; false: that step is
 * closed already. */
static bool fill_before(struct demand_model *m, int64_t t_ms)
{
	const int64_t step = m->opts.step_ms;
	/* The nearest step, so that a sampler's jitter makes neither gap
	 * nor duplicate. */
	const int64_t from = t_ms - m->last_ms + step / 2;
	const int64_t ahead = from >= 0 ? from / step : -1;

	if (ahead <= 0) {
		if (ahead == 0)
			m->stats.duplicates++;
		else
			m->stats.late++;
		return false;
	}
	/* Of a gap longer than the memory only its end matters. */
	const int64_t gap = ahead - 1, fill = MIN(gap, (int64_t)m->past);

	m->last_ms += (gap - fill) * step;
	m->stats.missing += (uint64_t)(gap - fill);
	for (int64_t k = 0; k < fill; k++) {
		m->last_ms += step;
		model_step(m, model_fill_value(m), true);
	}
	return true;
}

int demand_model_update(struct demand_model *m, int64_t t_ms, double y, struct err *err)
{
	const int rc = demand_check(y, err);

	if (rc != 0)
		return rc;
	if (m->n == 0)
		m->last_ms = t_ms - m->opts.step_ms;
	else if (!fill_before(m, t_ms))
		return 0;
	m->last_ms += m->opts.step_ms;
	model_step(m, y, false);
	return 0;
}

void demand_model_skip(struct demand_model *m, int64_t t_ms)
{
	if (m->n == 0 || !fill_before(m, t_ms))
		return;
	m->last_ms += m->opts.step_ms;
	model_step(m, model_fill_value(m), true);
}

void demand_model_set_offset(struct demand_model *m, int32_t offset_s)
{
	if (offset_s == m->offset_s)
		return;
	m->offset_before_s = m->n ? m->offset_s : offset_s;
	m->offset_s = offset_s;
	m->since_offset = 0;
}

const struct demand_opts *demand_model_opts(const struct demand_model *m)
{
	return &m->opts;
}

void demand_model_stats(const struct demand_model *m, struct demand_stats *ret)
{
	*ret = m->stats;
}
