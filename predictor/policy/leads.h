/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * leads.h - lead times as a distribution, learned as launches come: the one to plan for,
 * and from when on a launch is overdue.
 *
 * Lognormal: boots are delays that multiply (Crow and Shimizu, Lognormal Distributions,
 * 1988). Starts from a stated prior of a few pseudo-observations.
 *
 * Pure: no I/O, no clock, no logging, no global state.
 */
#ifndef PREDICTOR_POLICY_LEADS_H
#define PREDICTOR_POLICY_LEADS_H

#include <stdint.h>

struct policy_leads {
	double n, mean, squares; /* of the logarithms of ms, the prior's included */
	double measured;         /* squares without the prior's */
};

/* prior_ms: assumed median, above 0. */
void policy_leads_init(struct policy_leads *l, int64_t prior_ms);
void policy_leads_note(struct policy_leads *l, int64_t lead_ms); /* <= 0: ignored */

/* The standard deviation of the logarithm; 0 before the first was noted. */
double policy_leads_spread(const struct policy_leads *l);

/* The median. To plan for more costs more than the price of a short step does: on the
 * traces, boots of 1.5 to 6 minutes, 1.5 % at the 95 % quantile. */
int64_t policy_leads_planned(const struct policy_leads *l);

/* A launch that is older does not come, or late: one in forty that do is. */
int64_t policy_leads_overdue(const struct policy_leads *l);

#endif
