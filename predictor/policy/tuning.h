/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tuning.h - the few numbers of the policy that were chosen and not learned.
 *
 * Halving or doubling one moves the cost on the public traces by less than one per cent,
 * except for the gain, which weighs the promise on one trace against the cost on all.
 */
#ifndef PREDICTOR_POLICY_TUNING_H
#define PREDICTOR_POLICY_TUNING_H

#define STEER_GAIN 0.0002    /* of the logarithm of the price, per step */
#define STEER_BOOST 4.0      /* more than that, while the price is new */
#define STEER_DAYS 3.0       /* in which the boost falls to 1/e */
#define STEER_AIM 0.99       /* largest share of the risk that is aimed at */
#define STEER_RUN 0.01       /* and less by this for each step of the lead time */
#define STEER_SPREAD 0.1     /* and by this for late instances, which nobody foresees */
#define STEADY_DAYS 0.5      /* with as many instances all the time nothing is lowered */
#define FORECAST_LEVEL 0.95  /* at which people are told how much is forecast */
#define AGAIN_MARGIN 0.75    /* of the need's distance to the median */
#define NOISE_SIGMAS 6.0     /* of the forecast: what differs by more in a step is real */
#define FALL_CHANGES 10.0    /* usual changes in a step: by more it falls */
#define FALL_AFTER 60.0      /* changes that are known */
#define FALL_MS 600000       /* how long the forecast's spread suffers from it, ... */
#define FALL_MOST_MS 3600000 /* ... and at most, while it is wider ... */
#define FALL_WIDE 3.0        /* ... than that many times what it was */
#define REPLAY_DAYS 21       /* of the past that the price is found on */
#define REPLAY_DOUBT 0.5     /* runs of short steps by which a replay is too optimistic */
#define PRICE_MAX 20.0       /* logarithm */

#endif
