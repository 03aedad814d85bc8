/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.h - demand: expressions over samples, and how samples come in.
 */
#ifndef CONTROLLER_METRICS_METRICS_H
#define CONTROLLER_METRICS_METRICS_H

#include "demand_history.h"
#include "expression.h"
#include "prometheus_pull.h"
#include "prometheus_query.h"
#include "prometheus_text.h"

#endif
