/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "veto.h"

#include "check.h"

#include <math.h>
#include <stdio.h>

#define TIMES 1.3
#define ERRORS 5.0
#define LOG_RATIO_MAX 20.0

static unsigned steps_of(int64_t ms, int64_t step_ms)
{
	return (unsigned)((ms + step_ms - 1) / step_ms);
}

static uint16_t one_more(uint16_t n, unsigned most)
{
	return (uint16_t)MIN(n + 1u, most);
}

static bool contradicts(const struct demand_outcome *o, double least)
{
	const double error = fabs(o->top - o->mid);

	if (error < least || error <= ERRORS * o->usual)
		return false;
	return (o->top > o->high && o->top >= TIMES * o->mid) ||
	       (o->top < o->low && o->top * TIMES <= o->mid);
}

static double log_ratio_of(const struct demand_outcome *o)
{
	const double r = log(o->top) - log(o->mid);

	return fmin(fmax(r, -LOG_RATIO_MAX), LOG_RATIO_MAX);
}

static void note_level(struct veto_level *v, const struct demand_outcome *o, double least,
		       unsigned limit, unsigned clean)
{
	if (contradicts(o, least)) {
		v->score = one_more(v->score, limit);
		v->run = one_more(v->run, UINT16_MAX);
		v->log_ratio += (float)((log_ratio_of(o) - (double)v->log_ratio) /
					(double)v->run);
		v->clean = 0;
		v->is_on |= v->score >= limit;
		return;
	}
	v->clean = one_more(v->clean, clean);
	v->score = v->score > 0 ? (uint16_t)(v->score - 1) : 0;
	v->is_on = v->is_on && v->clean < clean;
	if (v->score == 0 && !v->is_on)
		v->run = 0;
}

void veto_note(struct veto *v, const struct demand_model *m, size_t lead, double least)
{
	const struct demand_opts *opts = demand_model_opts(m);
	const unsigned limit =
		(unsigned)opts->lead_steps[lead] + steps_of(VETO_MS, opts->step_ms);
	const unsigned clean = steps_of(VETO_CLEAN_MS, opts->step_ms);
	struct demand_outcome o;
	struct demand_stats stats;

	demand_model_stats(m, &stats);
	if ((uint32_t)stats.steps == v->steps)
		return;
	v->steps = (uint32_t)stats.steps;
	for (int r = DEMAND_SEASONAL; r <= DEMAND_FULL; r++)
		if (demand_model_outcome(m, lead, (enum demand_fallback)r, &o))
			note_level(&v->level[r - DEMAND_SEASONAL], &o, least, limit,
				   clean);
}

enum demand_fallback veto_allows(const struct veto *v, enum demand_fallback in_force)
{
	int level = in_force;

	while (level > DEMAND_REACTIVE && v->level[level - DEMAND_SEASONAL].is_on)
		level--;
	return (enum demand_fallback)level;
}

bool veto_reason(const struct veto *v, enum demand_fallback in_force,
		 struct veto_reason *ret)
{
	const struct veto_level *l;

	if (in_force == veto_allows(v, in_force))
		return false;
	l = &v->level[in_force - DEMAND_SEASONAL];
	*ret = (struct veto_reason){
		.steps = l->run,
		.ratio = exp((double)l->log_ratio),
	};
	return true;
}

const char *veto_why(const struct veto_reason *r, int64_t step_ms, char *ret, size_t size)
{
	const long long minutes = (long long)r->steps * step_ms / 60000;

	if (r->ratio >= 1000)
		snprintf(ret, size,
			 "for %lld minutes there was demand where next to none "
			 "was forecast",
			 minutes);
	else if (r->ratio >= 1)
		snprintf(ret, size,
			 "for %lld minutes demand was %.1f times what was "
			 "forecast",
			 minutes, r->ratio);
	else
		snprintf(ret, size, "for %lld minutes %.1f times the demand was forecast",
			 minutes, fmin(1 / r->ratio, 1000));
	return ret;
}
