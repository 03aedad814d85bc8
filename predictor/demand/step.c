/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "step.h"

#include "check.h"
#include "forecast.h"
#include "learn.h"
#include "lookback.h"
#include "observe.h"

#include <math.h>
#include <string.h>

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

static double level_at(const float *y, size_t n)
{
	double sum = 0;

	for (size_t k = 0; k < n; k++)
		sum += (double)y[-(ptrdiff_t)k];
	return sum / (double)n;
}

/* Has the level moved away from the season? The season is the nearer one of yesterday and
 * the same day a week ago. */
static void watch(struct demand_model *m)
{
	const size_t day = model_ago(m, m->day), week = model_ago(m, 7 * m->day);
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
	level_shift_note(&m->shift, now, season, m->level);
}

void model_step(struct demand_model *m, double demand, bool filled)
{
	push(m, demand);
	m->clean = filled ? 0 : m->clean + 1;
	m->unseen = filled ? m->unseen + 1 : 0;
	m->stats.missing += filled;
	if (!filled)
		watch(m);
	for (size_t k = 0; k < m->opts.n_leads; k++) {
		struct lead *l = model_lead(m, k);

		lead_learn(m, l);
		if (m->n % SOLVE_EVERY == 0)
			lead_solve(l);
		lead_observe(m, l, filled);
		lead_forecast(m, l, lead_origin(m, l, 0));
	}
}
