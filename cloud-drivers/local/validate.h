/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.h - whether this machine can run hosts, and what is missing if not.
 */
#ifndef LOCAL_VALIDATE_H
#define LOCAL_VALIDATE_H

#include "driver.h"
#include "hosts.h"

/*
 * Root, the init, cgroups, namespaces and overlay (tried in a child process),
 * bridge and subnet. Reports all findings; BADREQ with the first fatal one.
 */
int validate_machine(const struct local_conf *c, const char *init, drv_report_fn *report,
		     void *arg, struct drv_err *err);

#endif
