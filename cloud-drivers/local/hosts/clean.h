/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clean.h - removes all that the local driver ever made under a state folder.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_CLEAN_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_CLEAN_H

#include "err.h"

#include <stddef.h>

struct clean_count {
	size_t hosts;     /* with a record */
	size_t processes; /* inits that no record knew */
	size_t links;     /* that were left, the bridge among them */
};

/*
 * Processes, links, bridge, cgroups, mounts, folders; also when records are damaged or
 * gone, since names and command lines carry the folder. The folder itself goes when it is
 * empty then. Nothing to remove is fine. On an error the rest was still tried.
 */
int local_clean(const char *state_dir, struct clean_count *ret,
		struct err *err) MUST_CHECK;

#endif
