/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strict.h - what a request must be before anything else is looked at: of one length, for
 * one host, with a target that says one thing to all who read it.
 *
 * Sources: RFC 9112, sections 3.2 (target, Host), 6.1 and 6.3 (lengths).
 */
#ifndef CONTROLLER_API_STRICT_H
#define CONTROLLER_API_STRICT_H

#include "request.h"

/*
 * Fails with the status: 400, 421 (a name that is none of a loopback listener: some page
 * in a browser, whose name was made to lead here), 501 (a transfer coding).
 */
int strict_check(struct request *r, struct err *err) MUST_CHECK;

/* The path within path, which may be of the absolute form "http://HOST/PATH". */
const char *strict_path(const char *path);

#endif
