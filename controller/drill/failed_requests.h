/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failed_requests.h - requests that a stack's balancers answered, and those that failed,
 * by haproxy's own count.
 */
#ifndef CONTROLLER_DRILL_FAILED_REQUESTS_H
#define CONTROLLER_DRILL_FAILED_REQUESTS_H

#include "db.h"

/* In a calendar time. *ret_all and *ret_failed are -1 where no balancer counted. */
int failed_requests(struct db *db, const char *stack, int64_t from_ms, int64_t to_ms,
		    int64_t *ret_all, int64_t *ret_failed, struct err *err) MUST_CHECK;

#endif
