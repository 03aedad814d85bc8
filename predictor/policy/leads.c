/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "leads.h"

#include "check.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <string.h>

#define PRIOR 3.0        /* pseudo-observations */
#define PRIOR_SPREAD 0.3 /* of the logarithm */
#define MOST ((double)POLICY_LEADS_MOST)
#define OVERDUE 0.975
#define OVERDUE_SPREADS 2.0 /* of the prior: the same level */
#define TAIL 0.75           /* of what an exponential tail would add */

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

	l->latest[l->noted++ % POLICY_LEADS_MOST] = x;
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

/* Of x [n], ascending, n <= (n + 1) level: beyond the largest. */
static double beyond(const double *x, size_t n, double level)
{
	const size_t j = (n + 1) / 2;
	double sum = 0;

	for (size_t i = n - j; i < n; i++)
		sum += x[i] - x[n - j - 1];
	return x[n - 1] +
	       TAIL * sum * (pow(((double)n + 1) * (1 - level), -1 / (double)j) - 1);
}

int64_t policy_leads_upper(const struct policy_leads *l, double level)
{
	const size_t n = MIN(l->noted, POLICY_LEADS_MOST);
	const double at = ((double)n + 1) * level;
	const size_t k = (size_t)at;
	double x[POLICY_LEADS_MOST], q;

	if (n < POLICY_LEADS_ENOUGH)
		return 0;
	memcpy(x, l->latest, n * sizeof(*x));
	gsl_sort(x, 1, n);
	if (k < n)
		q = x[k - 1] + (at - (double)k) * (x[k] - x[k - 1]);
	else
		q = beyond(x, n, level);
	return llround(exp(q));
}

int64_t policy_leads_overdue(const struct policy_leads *l)
{
	const int64_t upper = policy_leads_upper(l, OVERDUE);

	return upper ? upper
		     : llround(exp(l->mean + OVERDUE_SPREADS * sqrt(l->squares / l->n)));
}
