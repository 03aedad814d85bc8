/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hosts.h - hosts made of namespaces, for the driver, their init and the command.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_HOSTS_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_HOSTS_H

#include "cgroup.h"
#include "clean.h"
#include "options.h"
#include "lifecycle.h"
#include "inventory.h"
#include "netlink.h"
#include "bridge.h"
#include "spawn.h"
#include "state_folder.h"

#endif
