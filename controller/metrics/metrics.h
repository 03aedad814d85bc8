/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.h - the sources of demand: expressions over recorded samples, samples in
 * Prometheus' text format, values from Prometheus servers, and imported history.
 */
#ifndef CONTROLLER_METRICS_METRICS_H
#define CONTROLLER_METRICS_METRICS_H

#include "demand_history.h"
#include "expression.h"
#include "expression_turn.h"
#include "prometheus_hosts.h"
#include "prometheus_pull.h"
#include "prometheus_query.h"
#include "prometheus_text.h"

#endif
