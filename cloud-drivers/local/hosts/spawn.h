/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spawn.h - starts foretide-local-init in namespaces of its own.
 *
 * The caller may have threads: between clone() and exec the child only makes system
 * calls. The init and its parent communicate over a socket pair:
 *
 *	init:   R           its root is ready         or  Etext, and it has exited
 *	parent: G           it may start: all outside of it (cgroups, link, record) is
 *ready init:   G           its status is written
 *
 * An init whose parent dies before the G exits. Until it has exited or has written its
 * status it shares the lock of the host's folder, so that host is not created again or
 * removed while an abandoned init still builds its root there.
 */
#ifndef CLOUD_DRIVERS_LOCAL_HOSTS_SPAWN_H
#define CLOUD_DRIVERS_LOCAL_HOSTS_SPAWN_H

#include "cleanup.h"
#include "err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SPAWN_FD 3      /* the init's end */
#define SPAWN_LOCK_FD 4 /* the host's folder, locked */

struct spawn {
	pid_t pid;
	int fd; /* -1 when closed */
};

/*
 * dirfd and folder are the host's, locked by host_open(); console.log in it takes
 * standard output and error.
 */
int spawn_init(const char *init, int dirfd, const char *folder, struct spawn *ret,
	       struct err *err) MUST_CHECK;
/* Waits for a message of the init; an error that it reports becomes the error. */
int spawn_receive(struct spawn *s, char want, int64_t wait_ms,
		  struct err *err) MUST_CHECK;
/* After another failure: whether the init reported an error, in *err; that is
 * the cause. */
bool spawn_complained(struct spawn *s, struct err *err);
int spawn_go(struct spawn *s, struct err *err) MUST_CHECK;
void spawn_done(struct spawn *s); /* closes the socket; the init keeps running */
DEFINE_CLEANUP_OBJECT(struct spawn, spawn_done);

#endif
