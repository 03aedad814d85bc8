/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clean.h - removes all that the local driver created for a state folder.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_CLEAN_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_CLEAN_H

#include "err.h"

#include <stddef.h>

struct clean_count {
	size_t hosts;     /* with a record */
	size_t processes; /* inits without a record */
	size_t links;     /* that were left, including the bridge */
};

/*
 * Processes, links, bridge, cgroups, mounts, folders; even when records are damaged
 * or missing, since names and command lines contain the folder. The folder itself is
 * removed when it is empty then. After an error the rest is still tried.
 */
int local_clean(const char *state_dir, struct clean_count *ret,
		struct err *err) MUST_CHECK;

#endif
