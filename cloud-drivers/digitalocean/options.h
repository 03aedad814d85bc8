/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the driver's options, and the credentials of a profile.
 */
#ifndef DIGITALOCEAN_OPTIONS_H
#define DIGITALOCEAN_OPTIONS_H

#include "rest.h"

#include "driver.h"

struct do_options {
	char *type;     /* size, by its slug; NULL: each launch names it */
	char *image;    /* slug or id; NULL: each launch names it */
	char *region;   /* slug; NULL: any */
	char *ssh_keys; /* ids or fingerprints, by commas; NULL: none */
	char *vpc;      /* id; NULL: the region's default */
	bool ipv6, monitoring;
	char *endpoint; /* NULL: DigitalOcean's; read with the credentials */
	char *ca;       /* file; NULL: the system's */
};

/*
 * From the object that open() gets. BADREQ names what is unknown, wrong or missing.
 * After a failure nothing is to be freed.
 */
int do_options_read(const char *config_json, struct do_options *ret_o,
		    struct rest_bearer *ret_b, struct drv_err *err);
void do_options_done(struct do_options *o);

#endif
