/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the driver's options, and the credentials of a profile.
 */
#ifndef OPENSTACK_OPTIONS_H
#define OPENSTACK_OPTIONS_H

#include "driver.h"

struct os_options {
	char *type;            /* flavor, by id or name */
	char *image;           /* by id or name; NULL: each launch names it */
	char *network;         /* ids or names, by commas; "auto" or "none" */
	char *key;             /* name of a key pair; NULL: none */
	char *security_groups; /* names or ids, by commas; NULL: the project's default */
	char *server_group;    /* id; NULL: none */
	char *zone;            /* availability zone; NULL: any */
	int64_t volume_gb;     /* of a boot volume; 0: the flavor's own disk */
	char *volume_type;
	bool config_drive;
	char *ca; /* file; NULL: the system's */
};

/* Strings are NULL when they are not given. */
struct os_credentials {
	char *auth_url; /* without a slash at its end, with the version: ".../v3" */
	char *app_id, *app_name, *app_secret;
	char *user_id, *user, *password;
	char *user_domain_id, *user_domain;
	char *project_id, *project, *project_domain_id, *project_domain;
	char *region;
	char *interface; /* public, internal or admin */
	char *ca;        /* of clouds.yaml's cacert; an option comes first */
};

/*
 * From the object that open() gets. BADREQ names what is unknown, wrong or missing.
 * After a failure nothing is to be freed.
 */
int os_options_read(const char *config_json, struct os_options *ret_o,
		    struct os_credentials *ret_c, struct drv_err *err);

/* Of addresses, whose version is at the end or is not. */
bool os_ends_in(const char *text, const char *end);

/* Frees both; secrets are wiped. */
void os_options_done(struct os_options *o, struct os_credentials *c);

#endif
