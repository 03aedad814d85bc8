/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verify.h - the verify command of a resource: whether what runs is what was rendered.
 *
 * It is run after each reload until it succeeds, or VERIFY_MS have passed: then the
 * reload was lost, as a signal that comes at a bad moment is, and is made again. It is
 * run as well after the agent has started and every so often, so that whatever runs with
 * an old file is found.
 */
#ifndef AGENT_CONFD_VERIFY_H
#define AGENT_CONFD_VERIFY_H

#include "resource.h"

/* A reload has succeeded: it is complete once this is. */
void confd_verify_begin(struct confd_resource *r);
/* Runs the command now if it is time; fn is called with r when it has exited. */
void confd_verify_start(struct confd_resource *r, shell_fn *fn);
void confd_verify_done(struct confd_resource *r, const struct err *err);

/* When it is to be run, without or after a reload; INT64_MAX: not at all. */
int64_t confd_verify_at_ms(const struct confd_resource *r);
/* It does not matter any more: the unit has stopped. */
void confd_verify_drop(struct confd_resource *r);

#endif
