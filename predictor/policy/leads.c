/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "leads.h"

#include <math.h>

#define PRIOR 3.0        /* pseudo-observations */
#define PRIOR_SPREAD 0.3 /* of the logarithm */
#define MOST 50.0        /* launches that are remembered */
#define OVERDUE_SPREADS 2.0

void policy_leads_init(struct policy_leads *l, int64_t prior_ms)
{
	*l = (struct policy_leads){ .n = PRIOR,
				    .mean = log((double)prior_ms),
				    .squares = PRIOR * PRIOR_SPREAD * PRIOR_SPREAD };
}

void policy_leads_note(struct policy_leads *l, int64_t lead_ms)
{
	if (lead_ms <= 0)
		return;

	const double x = log((double)lead_ms), off = x - l->mean;

	l->n += 1;
	l->mean += off / l->n;
	l->squares += off * (x - l->mean);
	l->measured += off * (x - l->mean);
	if (l->n > MOST) {
		l->squares *= MOST / l->n;
		l->measured *= MOST / l->n;
		l->n = MOST;
	}
}

double policy_leads_spread(const struct policy_leads *l)
{
	return sqrt(l->measured / l->n);
}

int64_t policy_leads_planned(const struct policy_leads *l)
{
	return llround(exp(l->mean));
}

int64_t policy_leads_overdue(const struct policy_leads *l)
{
	return llround(exp(l->mean + OVERDUE_SPREADS * sqrt(l->squares / l->n)));
}
