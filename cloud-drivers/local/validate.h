/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * validate.h - whether this machine can make hosts, and if not what is missing, in words.
 */
#ifndef LOCAL_VALIDATE_H
#define LOCAL_VALIDATE_H

#include "driver.h"
#include "hosts.h"

/*
 * Root, the init, cgroups, namespaces and overlay (tried in a child that ends at once),
 * bridge and subnet. Reports all findings; BADREQ with the first fatal one.
 */
int validate_machine(const struct local_conf *c, const char *init, drv_report_fn *report,
		     void *arg, struct drv_err *err);

#endif
