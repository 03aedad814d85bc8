/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hide.h - what a host does not see of the machine whose files it has.
 */
#ifndef CLOUD_DRIVERS_LOCAL_INIT_HIDE_H
#define CLOUD_DRIVERS_LOCAL_INIT_HIDE_H

#include "err.h"

/* In the host's root, before anything of the host is in it: files that hold the machine's
 * secrets go, from this host's sight, and those of /etc that not all may read;
 * /etc/shadow lets nobody in with a password. */
int hide_secrets(struct err *err) MUST_CHECK;

/* Once the network is up: the kernel's settings can be read only, and what shows its
 * memory is empty. */
int hide_kernel(struct err *err) MUST_CHECK;

#endif
