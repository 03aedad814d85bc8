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
/* Due, and not held back by a unit that is starting; at r->reload_at_ms. */
bool confd_reload_may_start(const struct confd_resource *r);
/* Runs the command; fn is called with r when it has exited. */
void confd_reload_start(struct confd_resource *r, shell_fn *fn);
void confd_reload_done(struct confd_resource *r, const struct err *err);

#endif
