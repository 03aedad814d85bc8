/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * confine.h - what the programs of a host may not do, though they are root in it: what
 * changes the machine's kernel.
 *
 * This makes slips harmless and attacks harder. It is no boundary: hosts share the
 * machine's kernel, and root in them is root.
 */
#ifndef CLOUD_DRIVERS_LOCAL_INIT_CONFINE_H
#define CLOUD_DRIVERS_LOCAL_INIT_CONFINE_H

#include "err.h"

/*
 * This process, and all that it will start, for good: no other capabilities than a
 * container has (without CAP_MKNOD), and no system calls that only change the kernel,
 * mount, or make namespaces; those fail with EPERM.
 */
int confine_process(struct err *err) MUST_CHECK;

#endif
