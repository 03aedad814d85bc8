/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * standby.h - machines that exist already, or that boot without a launch's user data:
 * each runs a script once, which then asks the controller which host it is to be.
 */
#ifndef CONTROLLER_TRUST_STANDBY_H
#define CONTROLLER_TRUST_STANDBY_H

#include "err.h"
#include "token.h"

#include <stdbool.h>

#define STANDBY_MACHINE "machine" /* the one machine of that name */
#define STANDBY_POOL "pool"       /* each machine of the pool, told by its address */

/*
 * The script, the same for all: it holds no secret. controller is the URL that hosts use.
 * The caller frees *ret.
 */
int standby_script(const char *controller, const char *ca_pem, char **ret,
		   struct err *err) MUST_CHECK;

/* What the machine or pool shows; it cannot be computed without the secret. */
void standby_key(const char *secret, const char *kind, const char *name,
		 char ret[TOKEN_TEXT]);
bool standby_is_key(const char *secret, const char *kind, const char *name,
		    const char *key);

/*
 * What enrols a machine: a command for its shell that, with its first line, is user data
 * for cloud-init as well. It fetches the script and runs it if its digest is right. It
 * has the key. ERR_INVAL: the name is not of a-z, 0-9 and '-', or is too long.
 */
int standby_command(const char *controller, const char *script, const char *secret,
		    const char *kind, const char *name, char **ret,
		    struct err *err) MUST_CHECK;

#endif
