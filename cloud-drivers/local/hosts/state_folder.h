/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state_folder.h - the hosts on disk: what survives the controller.
 *
 *	STATE/hosts/LAUNCH-ID/          one host; locked by flock() while created or
 *removed meta.json               what it is; rewritten once, when its init runs user-data
 *as given status                  written by its init: pending, running, failed
 *		console.log             written by its init, bounded
 *		removing                exists while it is being removed
 *		u/ w/ root/             overlay: upper, work, mount point
 *	STATE/addresses/10.90.0.7       symbolic link that names the host; created
 *atomically
 *
 *	STATE/ended/LAUNCH-ID           it was terminated: see ended.h
 *
 * A host is complete when its status is not empty; a folder without one whose lock is
 * free was left by a killed controller, and is removed.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_STATE_FOLDER_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_STATE_FOLDER_H

#include "cleanup.h"
#include "err.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define STATE_TAG_LEN 6

struct state {
	char dir[PATH_MAX - 256];
	char tag[STATE_TAG_LEN +
		 1]; /* derived from the path; in names of links and cgroups */
};

/* Describes a state folder without accessing it; it need not exist. */
int state_name(const char *dir, struct state *ret, struct err *err) MUST_CHECK;
/* Opens a state folder. make: creates it; else a missing one is ERR_NOT_FOUND. */
int state_open(const char *dir, bool make, struct state *ret, struct err *err) MUST_CHECK;

/*
 * Opens the folder of a host and locks it; with make, creates it first. lock false opens
 * only. ERR_NOT_FOUND, or ERR_CONFLICT when another process holds the lock for longer
 * than wait_ms. Closing *ret_dirfd unlocks.
 */
int host_open(const struct state *s, const char *launch_id, bool make, bool lock,
	      int64_t wait_ms, int *ret_dirfd, struct err *err) MUST_CHECK;

/* One callback per folder under hosts/; they may disappear in the meantime. */
typedef void host_id_fn(void *arg, const char *launch_id);
int host_each(const struct state *s, host_id_fn *fn, void *arg,
	      struct err *err) MUST_CHECK;

enum host_status { HOST_UNMADE, HOST_PENDING, HOST_RUNNING, HOST_FAILED };

/* The last status of the init; text gets what follows the keyword. */
#define HOST_STATUS_BYTES 256
enum host_status host_status(int dirfd, char text[HOST_STATUS_BYTES]);
bool host_is_removing(int dirfd);

#endif
