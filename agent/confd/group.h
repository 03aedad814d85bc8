/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group.h - the resources of one tier, or of the folder: added, replaced, dropped.
 */
#ifndef AGENT_CONFD_GROUP_H
#define AGENT_CONFD_GROUP_H

#include "resource.h"

/* stack and tier NULL: the folder's. */
struct confd_group *confd_group_new(struct confd *c, const char *stack, const char *tier);
void confd_group_free(struct confd_group *g); /* it is out of the list */

/* It was read, and every resource of it was rendered at least once. */
bool confd_group_is_ready(const struct confd_group *g);
/* Its resources were read once. */
void confd_group_listed(struct confd_group *g);

/* Replaces the resource of that key; spec and text are taken over. */
void confd_group_put(struct confd_group *g, const char *key, struct confd_spec *spec,
		     char *text);
/* For one that cannot be read: a resource that worked stays. */
void confd_group_put_bad(struct confd_group *g, const char *key, const struct err *err);
void confd_group_drop(struct confd_group *g, const char *key);

#endif
