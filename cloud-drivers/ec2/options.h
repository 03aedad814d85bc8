/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the driver's options, and the credentials of a profile.
 */
#ifndef EC2_OPTIONS_H
#define EC2_OPTIONS_H

#include "driver.h"

/* Strings are NULL when they are not given. */
struct ec2_options {
	char *type;            /* "t3.small" */
	char *image;           /* AMI's id, or what EC2 takes for one */
	char *launch_template; /* id or name */
	char *launch_template_version;
	char *subnet;           /* id */
	char *security_groups;  /* ids, by commas */
	char *key;              /* name of a key pair */
	char *instance_profile; /* name or ARN */
	char *zone;
	char *public_ip;   /* auto, yes or no */
	int64_t volume_gb; /* of the root volume; 0: the image's */
	char *volume_type;
	char *ca; /* file; NULL: the system's */
};

struct ec2_credentials {
	char *key_id, *secret;
	char *session_token; /* NULL: the keys are of no session */
	char *region;
	char *endpoint, *sts_endpoint; /* addresses; set */
	char *ca_bundle;               /* an option comes first */
};

/*
 * From the object that open() gets. BADREQ names what is unknown, wrong or missing.
 * After a failure nothing is to be freed.
 */
int ec2_options_read(const char *config_json, struct ec2_options *ret_o,
		     struct ec2_credentials *ret_c, struct drv_err *err);

/* Frees both; secrets are wiped. */
void ec2_options_done(struct ec2_options *o, struct ec2_credentials *c);

#endif
