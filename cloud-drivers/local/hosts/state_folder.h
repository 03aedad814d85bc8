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
 *	STATE/addresses/10.90.0.7       symbolic link that names the host: taken
 *atomically
 *
 * A host is whole when its status is not empty; a folder without one whose lock is free
 * is what a killed controller left, and is swept.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_STATE_FOLDER_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_STATE_FOLDER_H

#include "cleanup.h"
#include "err.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* ---------------------------------------------------------------- the folder */

#define STATE_TAG_LEN 6

struct state {
	char dir[PATH_MAX - 256];
	char tag[STATE_TAG_LEN + 1]; /* made of the path; in names of links and cgroups */
};

/* Names a state folder, whether it is there or not. */
int state_name(const char *dir, struct state *ret, struct err *err) MUST_CHECK;
/* With make, makes the folders; else a missing one is ERR_NOT_FOUND. */
int state_open(const char *dir, bool make, struct state *ret, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- one host */

struct meta {
	char launch_id[64], owner[64], pool[64], name[64], type[32];
	char address[16];
	char veth[16];
	double cpu;
	int64_t memory_bytes;
	int64_t created_ms;
	bool spot;
	/* of its init, as this machine sees it; 0 until it is there */
	pid_t pid;
	uint64_t pid_start;
	char boot_id[40];
	/* for its init */
	char gateway[16];
	int prefix;
	int64_t boot_delay_ms;
	char mask[1024];
};

/* dirfd is the host's folder. */
int meta_write(int dirfd, const struct meta *m, struct err *err) MUST_CHECK;
int meta_read(int dirfd, struct meta *ret, struct err *err) MUST_CHECK;

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

/* ---------------------------------------------------------------- processes */

/* Start time in clock ticks since boot; 0 when there is no such process or a zombie. */
uint64_t process_start(pid_t pid);
int machine_boot_id(char ret[40], struct err *err) MUST_CHECK;
bool init_is_alive(const struct meta *m);
/* Kills the init and waits until it and all its processes are gone. */
int init_kill(const struct meta *m, int64_t wait_ms, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- addresses */

struct local_conf;
/* *hint: where to look first, kept by the caller; number is the address' in the subnet.
 */
int address_take(const struct state *s, const struct local_conf *c, const char *launch_id,
		 uint32_t *hint, uint32_t *ret_number, char ret_address[16],
		 struct err *err) MUST_CHECK;
/* Only when it is that host's; NULL: all that are. */
void address_release(const struct state *s, const char *address, const char *launch_id);
/* Every address whose host has no folder. */
void address_sweep(const struct state *s);

/* ---------------------------------------------------------------- files */

/* A folder and all in it, without leaving its file system; missing is fine. */
int remove_tree(int dirfd, const char *name, struct err *err) MUST_CHECK;
int make_dirs(const char *path, mode_t mode, struct err *err) MUST_CHECK;
int write_file_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		  struct err *err) MUST_CHECK;

#endif
