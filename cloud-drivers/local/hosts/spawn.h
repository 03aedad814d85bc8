/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spawn.h - starts foretide-local-init in namespaces of its own.
 *
 * The caller may have threads: between clone() and exec the child only makes system
 * calls. The init and its maker talk over one socket pair:
 *
 *	init:  R            its root is ready         or  Etext, and it is gone
 *	maker: G            it may go: all outside of it (cgroups, link, record) stands
 *	init:  G            its status is written
 *
 * An init whose maker dies before the G ends by itself. Until it has ended or has written
 * its status it shares the lock of the host's folder, so nobody makes or removes that
 * host while one that was given up still builds its root there.
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
/* Waits for one of the init's words; its own complaint becomes the error. */
int spawn_hear(struct spawn *s, char want, int64_t wait_ms, struct err *err) MUST_CHECK;
/* After another failure: whether the init complained, in *err; that is the cause then. */
bool spawn_complained(struct spawn *s, struct err *err);
int spawn_go(struct spawn *s, struct err *err) MUST_CHECK;
void spawn_done(struct spawn *s); /* closes the socket; the init lives on */
DEFINE_CLEANUP_OBJECT(struct spawn, spawn_done);

#endif
