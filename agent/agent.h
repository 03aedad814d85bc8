/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * agent.h - the modules of the host agent, put together on one loop.
 *
 * Units of a previous run are adopted at once. What needs the store starts once the
 * host has joined, or has found that it joined before.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "cleanup.h"
#include "net.h"
#include "options.h"
#include "units.h"

struct agent;

/* conf must remain valid as long as the agent. log may be NULL when units are off. */
int agent_open(struct loop *loop, const struct agent_conf *conf, struct unit_log *log,
	       struct agent **ret, struct err *err) MUST_CHECK;
void agent_close(struct agent *a); /* units, their registrations and files stay */
DEFINE_CLEANUP(struct agent *, agent_close);

#endif
