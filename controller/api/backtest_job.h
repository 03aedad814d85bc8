/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backtest_job.h - runs a backtest of a tier's own demand, as a job (job.h). It takes
 * some seconds.
 */
#ifndef CONTROLLER_API_BACKTEST_JOB_H
#define CONTROLLER_API_BACKTEST_JOB_H

#include "backtest_report.h"

/* Called when a backtest has finished. report is NULL, and err set, when it failed. */
typedef int backtest_then_fn(struct request *r, const json_t *report, struct err *err);

/*
 * Simulates the recorded demand of the tier, stores the report, then calls `then` in the
 * request's thread and answers with its result. ERR_UNAVAIL while another job runs,
 * ERR_CONFLICT without a history.
 */
int backtest_start(struct request *r, const struct db_tier *t,
		   const struct backtest_request *q, backtest_then_fn *then,
		   struct err *err) MUST_CHECK;

/* Progress of the tier's backtest, 0 to 1; NaN: none is running. */
double backtest_share(struct api *api, const struct db_tier *t);

#endif
