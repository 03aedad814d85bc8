/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.h - the driver's options, and the service principal of a profile.
 */
#ifndef AZURE_OPTIONS_H
#define AZURE_OPTIONS_H

#include "driver.h"

struct azure_options {
	char *type;     /* size of the VM; NULL: each launch names it */
	char *location; /* region; NULL: nothing can be launched */
	char *zone;     /* of it, "1"; NULL: any */
	char *image;    /* as in image.c; NULL: each launch names it */
	bool plan;      /* the image's terms, which were accepted, are named with it */
	char *subnet;   /* NETWORK/SUBNET or a path; NULL: nothing can be launched */
	char *security_group; /* name or path; NULL */
	bool public_address;
	int64_t disk_gb; /* 0: the image's */
	char *disk_type; /* NULL: the cloud's default */
	char *user;      /* whom the key lets in */
	char *ssh_key;   /* public one; NULL: one that nobody has */
	char *identity;  /* path of what programs on the VM are; NULL: nobody */
	char *endpoint;  /* without a slash at its end; NULL: the profile's */
	char *ca;        /* file; NULL: the system's */
};

struct azure_credentials {
	char *tenant, *client;
	char *secret;
	char *subscription;
	char *group;     /* resource group of all VMs */
	char *authority; /* address of the server of tokens */
	char *endpoint;
};

/*
 * From the object that open() gets. BADREQ names what is unknown, wrong or missing.
 * After a failure nothing is to be freed.
 */
int azure_options_read(const char *config_json, struct azure_options *ret_o,
		       struct azure_credentials *ret_c, struct drv_err *err);

/* Frees both; secrets are wiped. */
void azure_options_done(struct azure_options *o, struct azure_credentials *c);

#endif
