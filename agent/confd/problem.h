/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * problem.h - what is wrong with a resource, and how long to wait before a retry.
 */
#ifndef AGENT_CONFD_PROBLEM_H
#define AGENT_CONFD_PROBLEM_H

#include "resource.h"

/* Counts it, and logs it as event unless it is the same as before. */
void confd_problem_set(struct confd_resource *r, const char *event,
		       const struct err *err);
void confd_problem_clear(struct confd_resource *r);
/* The next pause: doubled, up to retry_most_ms. */
int64_t confd_retry_longer(const struct confd_resource *r, int64_t retry_ms);

#endif
