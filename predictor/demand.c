/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "demand.h"

#include "check.h"
#include "model.h"

#include <math.h>
#include <string.h>

static int opts_check(const struct demand_opts *o, struct err *err)
{
	if (o->step_ms < 1000 || o->step_ms > 86400000)
		return err_set(err, ERR_INVAL,
			       "step: %lld ms is not between 1 s and 1 day",
			       (long long)o->step_ms);
	if (o->lead_steps > DEMAND_LEAD_MAX)
		return err_set(err, ERR_INVAL, "lead time: %zu steps are more than %d",
			       o->lead_steps, DEMAND_LEAD_MAX);
	if (!(o->risk >= 1e-5 && o->risk <= 0.5))
		return err_set(err, ERR_INVAL, "risk: %g is not between 0.00001 and 0.5",
			       o->risk);
	if (!(o->capacity > 0 && isfinite(o->capacity)))
		return err_set(err, ERR_INVAL, "capacity: %g is not above 0",
			       o->capacity);
	if (!(o->prior_swing >= 0 && o->prior_swing <= 10))
		return err_set(err, ERR_INVAL, "prior swing: %g is not between 0 and 10",
			       o->prior_swing);
	return 0;
}

/* Where each array lies in data; returns the bytes of the whole model. */
static size_t lay_out(struct demand_model *m)
{
	size_t at = 0;

	m->origins_at = at;
	at += m->kept_origins * sizeof(struct origin);
	m->y_at = at;
	at += (m->memory + SLACK) * sizeof(float);
	m->profile_at = at;
	at += m->slots * sizeof(float);
	m->sizes_at = at;
	at += (m->slots / SIZES_STEPS + 1) * sizeof(float);
	return sizeof(*m) + at;
}

int demand_model_new(const struct demand_opts *opts, struct demand_model **ret,
		     struct err *err)
{
	struct demand_model head;
	int rc = opts_check(opts, err);

	if (rc != 0)
		return rc;
	memset(&head, 0, sizeof(head));
	head.magic = DEMAND_MAGIC;
	head.version = DEMAND_STATE_VERSION;
	head.opts = *opts;
	if (head.opts.prior_swing == 0)
		head.opts.prior_swing = DEMAND_PRIOR_SWING;
	head.window = opts->lead_steps + 1;
	head.kept_origins = MAX(head.window, model_hold(&head));
	feat_shape_init(&head.shape, (double)opts->step_ms / 1000.0, head.window);
	head.memory = feat_memory(&head.shape) + head.window;
	head.slots = MAX(head.shape.day, (size_t)1);
	head.size = lay_out(&head);

	const double per_day = 86400000.0 / (double)opts->step_ms;

	ridge_init(&head.mean, FEAT_N, HALF_LIFE_DAYS * per_day, PRIOR_MEAN);
	ridge_init(&head.spread, SPREAD_N, HALF_LIFE_DAYS * per_day, PRIOR_SPREAD);
	/* Without history a miss is the stated swing of the present level. */
	head.spread.b[SPREAD_ONE] = head.spread.b0[SPREAD_ONE] =
		log(head.opts.prior_swing);
	head.spread.b[SPREAD_BASE] = head.spread.b0[SPREAD_BASE] = 1;
	sketch_init(&head.sketch, SKETCH_DAYS * per_day, PRIOR_SKETCH);
	head.log_price = log(1.0 / opts->risk);
	head.now = (struct demand_decision){
		.needed = 1,
		.instances = 1,
		.level = 1 - opts->risk,
		.price = 1.0 / opts->risk,
		.rung = DEMAND_REACTIVE,
		.why = DEMAND_NO_SAMPLE,
	};

	struct demand_model *m = xcalloc(1, head.size);

	memcpy(m, &head, sizeof(head));
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

int demand_model_update(struct demand_model *m, int64_t t_ms, double y, struct err *err)
{
	const int64_t step = m->opts.step_ms;

	if (!(y >= 0 && isfinite(y)))
		return err_set(err, ERR_INVAL, "demand: %g is not a number from 0 up", y);
	if (m->n == 0) {
		m->last_ms = t_ms;
		model_step(m, y, false);
		return 0;
	}

	/* The nearest step, so that a sampler's jitter makes neither gap nor duplicate.
	 */
	const int64_t from = t_ms - m->last_ms + step / 2;
	const int64_t ahead = from >= 0 ? from / step : -1;

	if (ahead <= 0) {
		if (ahead == 0)
			m->stats.duplicates++;
		else
			m->stats.late++;
		return 0;
	}
	/* Of a gap longer than the memory only its end matters. */
	m->last_ms += (ahead - 1 - MIN(ahead - 1, (int64_t)m->memory)) * step;
	m->stats.missing += (uint64_t)(ahead - 1 - MIN(ahead - 1, (int64_t)m->memory));
	for (int64_t k = MIN(ahead - 1, (int64_t)m->memory); k > 0; k--) {
		m->last_ms += step;
		model_step(m, model_guess(m), true);
	}
	m->last_ms += step;
	model_step(m, y, false);
	return 0;
}

void demand_model_set_offset(struct demand_model *m, int32_t offset_s)
{
	if (offset_s == m->offset_s)
		return;
	m->offset_before_s = m->n ? m->offset_s : offset_s;
	m->offset_s = offset_s;
	m->since_offset = 0;
}

int demand_model_set_capacity(struct demand_model *m, double capacity, struct err *err)
{
	struct demand_opts o = m->opts;

	o.capacity = capacity;

	const int rc = opts_check(&o, err);

	if (rc != 0)
		return rc;
	m->opts.capacity = capacity;
	if (m->n > 0)
		model_decide(m);
	return 0;
}

int demand_model_set_risk(struct demand_model *m, double risk, struct err *err)
{
	struct demand_opts o = m->opts;

	o.risk = risk;

	const int rc = opts_check(&o, err);

	if (rc != 0)
		return rc;
	/* Steering goes on from a price that is as much higher as the risk is lower. */
	m->log_price += log(m->opts.risk / risk);
	m->opts.risk = risk;
	if (m->n > 0)
		model_decide(m);
	return 0;
}

void demand_model_decide(const struct demand_model *m, struct demand_decision *ret)
{
	*ret = m->now;
}

void demand_model_stats(const struct demand_model *m, struct demand_stats *ret)
{
	*ret = m->stats;
}
