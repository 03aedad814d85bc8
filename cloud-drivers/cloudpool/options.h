/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the driver's options, and the credentials of a profile.
 */
#ifndef CLOUDPOOL_OPTIONS_H
#define CLOUDPOOL_OPTIONS_H

#include "rest.h"

#include "driver.h"

struct cp_options {
	char *endpoint;  /* without a slash at its end */
	char *cloudpool; /* of a multipool, its name; NULL: a single pool */
	char *address;   /* "private" or "public": which of a machine's its agent has */
	char *ca;        /* file; NULL: the system's */
	char *state_dir;
	/* of the credentials */
	char *username, *password; /* NULL: no basic authentication */
	char *certificate, *key;   /* files; NULL: no client certificate */
};

/*
 * From the object that open() gets. BADREQ names what is unknown, wrong or missing.
 * After a failure nothing is to be freed.
 */
int cp_options_read(const char *config_json, struct cp_options *ret, struct drv_err *err);
void cp_options_done(struct cp_options *o); /* wipes the password */

#endif
