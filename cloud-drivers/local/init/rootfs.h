/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rootfs.h - the file system of a local host.
 *
 * Runs inside the host's new namespaces, as their only process.
 */
#ifndef CLOUD_DRIVERS_LOCAL_INIT_ROOTFS_H
#define CLOUD_DRIVERS_LOCAL_INIT_ROOTFS_H

#include "err.h"
#include "hosts.h"

/*
 * An overlay of this machine's / with its changes in the host's folder (or, where the
 * kernel rejects that, in a tmpfs), private /run /tmp /dev /proc, read-only /sys, masked
 * folders, own names; then makes it the root.
 */
int rootfs_enter(const char *folder, const struct meta *m, struct err *err) MUST_CHECK;

/* The host's own groups as the tops of /sys/fs/cgroup; call inside the groups. */
int rootfs_mount_cgroups(const struct cgroups *c, struct err *err) MUST_CHECK;

#endif
