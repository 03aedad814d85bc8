/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state_folder.h - the hosts as they stand on disk: what survives the controller.
 *
 *	STATE/hosts/LAUNCH-ID/          one host; locked by flock() while made or removed
 *		meta.json               what it is; rewritten once, when its init is known
 *		user-data               as given
 *		status                  written by its init: pending, running, failed
 *		console.log             written by its init, bounded
 *		removing                there when it is on its way out
 *		u/ w/ root/             overlay: upper, work, mount point
 *	STATE/addresses/10.90.0.7       symbolic link that names the host
 *
 * A host is whole when its status is not empty; a folder without one whose lock is free
 * is what a killed controller left, and is swept.
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
	char tag[STATE_TAG_LEN + 1]; /* made of the path; in names of links and cgroups */
};

/* Names a state folder, whether it is there or not. */
int state_name(const char *dir, struct state *ret, struct err *err) MUST_CHECK;
/* With make, makes the folders; else a missing one is ERR_NOT_FOUND. */
int state_open(const char *dir, bool make, struct state *ret, struct err *err) MUST_CHECK;

/*
 * Opens the folder of a host and locks it; with make, makes it first. lock false opens
 * only. ERR_NOT_FOUND, or ERR_CONFLICT when deadline_ms (from now; 0: at once) passes
 * with somebody else holding it. Closing *ret_dirfd unlocks.
 */
int host_open(const struct state *s, const char *launch_id, bool make, bool lock,
	      int64_t wait_ms, int *ret_dirfd, struct err *err) MUST_CHECK;

/* Folder names under hosts/, one callback each; they may go meanwhile. */
typedef void host_id_fn(void *arg, const char *launch_id);
int host_each(const struct state *s, host_id_fn *fn, void *arg,
	      struct err *err) MUST_CHECK;

enum host_status { HOST_UNMADE, HOST_PENDING, HOST_RUNNING, HOST_FAILED };

/* What the init last said; text gets what follows the word. */
#define HOST_STATUS_BYTES 256
enum host_status host_status(int dirfd, char text[HOST_STATUS_BYTES]);
bool host_is_removing(int dirfd);

#endif
