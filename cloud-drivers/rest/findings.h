/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findings.h - what validate() reports: sentences, and of the fatal ones the first.
 */
#ifndef CLOUD_DRIVERS_REST_FINDINGS_H
#define CLOUD_DRIVERS_REST_FINDINGS_H

#include "driver.h"

struct rest_findings {
	drv_report_fn *report;
	void *arg;
	struct drv_err first; /* fatal one; cls 0: none */
};

__attribute__((format(printf, 2, 3))) void rest_note(struct rest_findings *f,
						     const char *fmt, ...);
void rest_fatal(struct rest_findings *f, const struct drv_err *e);

/* What validate() returns. */
int rest_findings_end(const struct rest_findings *f, struct drv_err *err);

#endif
