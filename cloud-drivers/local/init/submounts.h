/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * submounts.h - file systems of this machine below its /, such as a separate /var.
 *
 * An overlay of / shows only the folder that such a file system is mounted on.
 */
#ifndef CLOUD_DRIVERS_LOCAL_INIT_SUBMOUNTS_H
#define CLOUD_DRIVERS_LOCAL_INIT_SUBMOUNTS_H

#include "err.h"

/*
 * Overlays each of them at its place below root, with the changes in base/m. Those that
 * do not support it are shown read-only. Omitted: /boot, /media, /mnt, what is private in
 * a host anyway, and everything that is not on a disk.
 */
int submounts_make(const char *base, const char *root, struct err *err) MUST_CHECK;

/* One overlay: changes in base/u, base/w holds its work. Returns 0 or -1 with errno. */
int overlay_mount(const char *lower, const char *base, const char *at);

#endif
