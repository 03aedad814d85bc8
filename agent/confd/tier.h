/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier.h - the template resources of a tier in the store, /foretide/conf/STACK/TIER/NAME.
 */
#ifndef AGENT_CONFD_TIER_H
#define AGENT_CONFD_TIER_H

#include "group.h"

/* Reads them, now or when the copy of the store's keys is there, and follows changes. */
void confd_tier_read(struct confd_group *g);

#endif
