/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuning.h - the few numbers that were chosen and not learned.
 *
 * Halving or doubling one moves the cost on the public traces by less than one per cent.
 */
#ifndef PREDICTOR_DEMAND_TUNING_H
#define PREDICTOR_DEMAND_TUNING_H

#define SOLVE_EVERY 10       /* steps between two solutions of the regressions */
#define HALF_LIFE_DAYS 5.0   /* of what the regressions remember */
#define HISTOGRAM_DAYS 7.0   /* half-life of the distribution of forecast errors */
#define PRIOR_MEAN 30.0      /* pseudo-observations that expect no rise */
#define PRIOR_SPREAD 10.0    /* that expect the stated swing */
#define PRIOR_HISTOGRAM 50.0 /* that expect a logistic distribution */
#define HUBER 12.0           /* spreads beyond which an error has less weight */
#define PROFILE_PACE 0.2     /* weight of today in the averages by time of day */
#define FULL_AFTER 120       /* targets learned before the regressions are used */
#define JUDGE_DAYS 2.0       /* half-life of the fallback levels' losses */
#define SHIFT_DAYS 4.0       /* half-life of the usual gap to the season */
#define SHIFT_HOURS 2.0      /* how long a level must differ to have shifted */
#define WORSE 1.1            /* ratio of losses above which a fallback level is left */
#define COVERAGE_DAYS 7.0    /* half-life of the coverage achieved */
#define COVERAGE_AFTER 10    /* expected exceedances before coverage is reported */
#define MOST_SWINGS 7.0      /* 99.9 % of the logistic prior */

#endif
