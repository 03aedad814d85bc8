/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group.h - a group of records: the keys of one folder. Its name ends with a slash.
 */
#ifndef AGENT_HOST_GROUP_H
#define AGENT_HOST_GROUP_H

#include <stdbool.h>
#include <stddef.h>

/* They name hosts, not a service's instances. */
bool group_is_hosts(const char *group, size_t len);

#endif
