/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the driver's options, and the service account of a profile.
 */
#ifndef GCE_OPTIONS_H
#define GCE_OPTIONS_H

#include "driver.h"

struct gce_options {
	char *type;  /* machine type; NULL: each launch names it */
	char *zone;  /* NULL: each launch names it */
	char *image; /* as in gce_image_path(); NULL: each launch names it */
	char *network, *subnetwork; /* names or paths; NULL */
	char *network_tags;         /* by commas; NULL */
	char *service_account;      /* e-mail of what runs on the VM; NULL: none */
	char *scopes;               /* of that, by commas */
	char *metadata_key;         /* that holds the user data */
	int64_t disk_gb;            /* 0: the image's */
	char *disk_type;            /* NULL: the cloud's default */
	bool public_address;
	char *endpoint; /* without a slash at its end; NULL: the profile's */
	char *ca;       /* file; NULL: the system's */
};

/* All are given but key_id, which is NULL then. */
struct gce_credentials {
	char *project;
	char *email;
	char *key; /* PEM */
	char *key_id;
	char *token_uri;
	char *endpoint;
};

/*
 * From the object that open() gets. BADREQ names what is unknown, wrong or missing.
 * After a failure nothing is to be freed.
 */
int gce_options_read(const char *config_json, struct gce_options *ret_o,
		     struct gce_credentials *ret_c, struct drv_err *err);

/* Frees both; secrets are wiped. */
void gce_options_done(struct gce_options *o, struct gce_credentials *c);

#endif
