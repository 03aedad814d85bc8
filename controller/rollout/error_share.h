/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error_share.h - whether new instances answer more requests with errors than old ones.
 *
 * Fisher's exact test, one-sided, on the responses of the same minutes. It is asked again
 * with each new sample, so its level is small: 1e-4, which in a roll-out of a hundred
 * looks at equal shares stops it wrongly in less than one of a hundred (a test plays it).
 * What is significant and below one point of a hundred is not worth a stop. Without old
 * instances that serve there is nothing to compare with: then most responses must be
 * errors.
 *
 * Pure. Source: R. A. Fisher, Statistical Methods for Research Workers, section 21.02.
 */
#ifndef CONTROLLER_ROLLOUT_ERROR_SHARE_H
#define CONTROLLER_ROLLOUT_ERROR_SHARE_H

#include <stdbool.h>

struct responses {
	double errors, all; /* counts */
};

bool error_share_is_more(const struct responses *of_new, const struct responses *of_old);

#endif
