/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expectation.h - the expected effect of coming occurrences of an event.
 */
#ifndef PREDICTOR_UPLIFT_EXPECTATION_H
#define PREDICTOR_UPLIFT_EXPECTATION_H

#include "uplift.h"

/* The uplift whose logarithm has that mean and standard deviation, learned from n. */
struct uplift uplift_of_log(double mean, double sd, size_t n);

#endif
