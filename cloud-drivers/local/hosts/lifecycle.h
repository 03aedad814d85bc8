/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lifecycle.h - creates and removes one host.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_LIFECYCLE_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_LIFECYCLE_H

#include "err.h"
#include "meta.h"
#include "options.h"
#include "state_folder.h"

struct host_order {
	struct meta meta; /* all but address, veth and the init's process */
	const void *user_data;
	size_t user_data_len;
	const char *init; /* path of foretide-local-init */
};

/*
 * Creates the host unless that launch id already did; it is booting when this returns.
 * hint: see address_take(). On failure nothing remains.
 */
int host_make(const struct state *s, const struct local_conf *c,
	      const struct host_order *order, uint32_t *hint, int64_t wait_ms,
	      struct meta *ret, struct err *err) MUST_CHECK;

/* Processes, link, cgroups, address, folder. It need not exist. */
int host_remove(const struct state *s, const char *launch_id, int64_t wait_ms,
		struct err *err) MUST_CHECK;

/* The same when the caller has its folder locked. */
int host_remove_locked(const struct state *s, const char *launch_id, int dirfd,
		       int64_t wait_ms, struct err *err) MUST_CHECK;

/* The group of a host, or of all hosts of the state folder (launch_id NULL). */
void host_cgroup(const struct state *s, const char *launch_id, char ret[96]);

#endif
