/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hosts.h - hosts made of namespaces: what the local driver, the init of its hosts and
 * the command `foretide local` need of them.
 *
 * The driver makes, lists and removes hosts (lifecycle.h, inventory.h) in a state folder
 * and checks its options against the machine; the init reads what it is (meta.h), talks
 * to its maker (spawn.h) and sets up its network; the command lists and cleans.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_HOSTS_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_HOSTS_H

#include "bridge.h"
#include "cgroup.h"
#include "clean.h"
#include "ended.h"
#include "files.h"
#include "inventory.h"
#include "lifecycle.h"
#include "meta.h"
#include "netlink.h"
#include "options.h"
#include "spawn.h"
#include "state_folder.h"

#endif
