/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.h - demand: expressions over samples, and how samples come in.
 */
#ifndef CONTROLLER_METRICS_METRICS_H
#define CONTROLLER_METRICS_METRICS_H

#include "eval.h"
#include "history.h"
#include "promtext.h"
#include "pull.h"
#include "query.h"

#endif
