/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the driver's options, and the credentials of a profile.
 */
#ifndef HETZNER_OPTIONS_H
#define HETZNER_OPTIONS_H

#include "rest.h"

#include "driver.h"

struct hz_options {
	char *type;      /* server type, by id or name; NULL: each launch names it */
	char *image;     /* by id or name; NULL: each launch names it */
	char *location;  /* by name; NULL: any */
	char *ssh_keys;  /* names or ids, by commas; NULL: none */
	char *networks;  /* names or ids, by commas; NULL: none */
	char *firewalls; /* likewise */
	char *placement_group; /* name or id; NULL: none */
	bool ipv4, ipv6;       /* public addresses */
	char *endpoint;        /* NULL: Hetzner's; read with the credentials */
	char *ca;              /* file; NULL: the system's */
};

/*
 * From the object that open() gets. BADREQ names what is unknown, wrong or missing.
 * After a failure nothing is to be freed.
 */
int hz_options_read(const char *config_json, struct hz_options *ret_o,
		    struct rest_bearer *ret_b, struct drv_err *err);
void hz_options_done(struct hz_options *o);

#endif
