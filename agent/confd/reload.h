/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reload.h - the reload command of a resource: when it is due, started, and retried.
 */
#ifndef AGENT_CONFD_RELOAD_H
#define AGENT_CONFD_RELOAD_H

#include "resource.h"

/* Its file has changed, so a reload is due if the group is active. */
void confd_reload_request(struct confd_resource *r);
bool confd_reload_is_needed(const struct confd_resource *r);
/* When it may start; INT64_MAX: it is not due, or held back by a unit that is starting or
 * by the reload of another resource, whose end wakes this one. */
int64_t confd_reload_next_ms(const struct confd_resource *r);
/* Runs the command; fn is called with r when it has exited. */
void confd_reload_start(struct confd_resource *r, shell_fn *fn);
/* It failed, or is complete. */
void confd_reload_done(struct confd_resource *r, const struct err *err);
/* The resource goes: others do not wait for it. */
void confd_reload_drop(struct confd_resource *r);

#endif
