/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * own_user.h - the controller's user at an etcd, from [store].
 */
#ifndef CONTROLLER_OWN_USER_H
#define CONTROLLER_OWN_USER_H

#include "options.h"

/*
 * Reads the password; *ret is the caller's, NULL without [store] user. ERR_INVAL for
 * options that contradict each other, ERR_DENIED for a file that others may read.
 */
int own_user_password(const struct options *o, char **ret, struct err *err) MUST_CHECK;

#endif
