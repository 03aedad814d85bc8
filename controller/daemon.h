/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * daemon.h - all parts of the controller, started in order and stopped in reverse.
 */
#ifndef CONTROLLER_DAEMON_H
#define CONTROLLER_DAEMON_H

#include "options.h"

struct daemon;

/*
 * Opens the state, starts the threads and serves. Sets the time scale of the process, so
 * it is called once. options must outlive it. The first start makes an
 * admin token and prints the path of its file.
 */
int daemon_start(const struct options *options, struct daemon **ret,
		 struct err *err) MUST_CHECK;
/* Takes over what has changed of the credentials on disk, without waiting. */
void daemon_reload(struct daemon *d);
/* Whether what must go on does: the tick's thread is not held by one round for minutes.
 */
bool daemon_is_alive(struct daemon *d);
/*
 * Stops all of it. false: a driver's call goes on, which may take a minute. Then the
 * process must end without freeing anything: what is journalled is enough to go on with.
 */
bool daemon_stop(struct daemon *d);

#endif
