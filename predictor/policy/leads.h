/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * leads.h - lead times as a distribution, learned as launches come: the one to plan for,
 * and from when on a launch is overdue.
 *
 * Lognormal: boots are delays that multiply (Crow and Shimizu, Lognormal Distributions,
 * 1988). Starts from a stated prior of a few pseudo-observations. That serves for the
 * middle. How late a launch may come is told without it, by those that came: a boot from
 * a cached image or not is two kinds of boots, and no lognormal.
 *
 * Pure: no I/O, no clock, no logging, no global state.
 */
#ifndef PREDICTOR_POLICY_LEADS_H
#define PREDICTOR_POLICY_LEADS_H

#include <stddef.h>
#include <stdint.h>

#define POLICY_LEADS_MOST 50  /* launches that are remembered */
#define POLICY_LEADS_ENOUGH 5 /* from which on their upper quantiles are told */

struct policy_leads {
	double n, mean, squares; /* of the logarithms of ms, the prior's included */
	double measured;         /* squares without the prior's */
	double latest[POLICY_LEADS_MOST]; /* logarithms, a ring */
	size_t noted;
};

/* prior_ms: assumed median, above 0. */
void policy_leads_init(struct policy_leads *l, int64_t prior_ms);
void policy_leads_note(struct policy_leads *l, int64_t lead_ms); /* <= 0: ignored */

/* The standard deviation of the logarithm; 0 before the first was noted. */
double policy_leads_spread(const struct policy_leads *l);

/* The median. To plan for more costs more than the price of a short step does: on the
 * traces, boots of 1.5 to 6 minutes, 1.5 % at the 95 % quantile. */
int64_t policy_leads_planned(const struct policy_leads *l);

/*
 * The lead time that the next launch keeps with a probability of level (0.5 to 0.99); 0
 * with fewer than POLICY_LEADS_ENOUGH launches.
 *
 * Once n + 1 launches hold level, it is their order statistic (n + 1) level, which holds
 * it whatever the distribution is (Wilks 1941). Below, for 0.95 with up to 18 launches,
 * their tail is carried on beyond the largest: (1 + c / S)^-j of those beyond it are
 * beyond c more, S being the sum of the upper half's j distances from the launch below
 * (exact for an exponential tail of the logarithms; c is taken at 3/4 of it, since
 * those of boots are lighter).
 *
 * What 95 % holds after 5, 10, 50 launches, by simulation (make bench BENCH=coverage):
 * lognormal or gamma boots, or a fixed part and an exponential one, 94 to 96 of 100
 * next launches; boots of two kinds, a tenth six times or a fifth three times as long,
 * 92, 95, 95, since five launches often show one kind alone; half of them four times as
 * long, 98, 99, 95. Cost O(n log n).
 */
int64_t policy_leads_upper(const struct policy_leads *l, double level);

/* A launch that is older does not come, or late: one in forty that do is, from the fifth
 * launch on (of boots of two kinds one in fourteen, at first); before, by the prior. */
int64_t policy_leads_overdue(const struct policy_leads *l);

#endif
