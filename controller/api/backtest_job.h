/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backtest_job.h - runs a backtest of a tier's own demand, as a job (job.h). It takes
 * about a second.
 */
#ifndef CONTROLLER_API_BACKTEST_JOB_H
#define CONTROLLER_API_BACKTEST_JOB_H

#include "backtest_report.h"

/* What goes on when a backtest is over. report is NULL, and err set, when it failed. */
typedef int backtest_then_fn(struct request *r, const json_t *report, struct err *err);

/*
 * Plays what the tier has demanded, keeps the report, then calls `then` from the
 * request's thread and answers with what it returns. ERR_UNAVAIL while another one runs,
 * ERR_CONFLICT without a history.
 */
int backtest_start(struct request *r, const struct db_tier *t,
		   const struct backtest_request *q, backtest_then_fn *then,
		   struct err *err) MUST_CHECK;

/* How far the tier's is, 0 to 1; NaN: none runs. */
double backtest_share(struct api *api, const struct db_tier *t);

#endif
