/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native_source.h - one cloud's own place for credentials, as native.c asks it.
 */
#ifndef CONTROLLER_POOLS_NATIVE_SOURCE_H
#define CONTROLLER_POOLS_NATIVE_SOURCE_H

#include "err.h"

#include <jansson.h>

struct native_source {
	const char *driver;
	const char *name; /* of the pair that stands for it: "openstack_cloud" */
	const char *file; /* of the pair with its file's path, which may be missing; NULL:
			     there is no such pair */
	/* Adds pairs of what is called so there. file may be NULL. */
	int (*read)(const char *name, const char *file, json_t *pairs, struct err *err);
	/* Adds those of the environment; none is no error. */
	int (*read_environment)(json_t *pairs, struct err *err);
};

/* Each in its file. */
extern const struct native_source native_openstack, native_aws, native_gce, native_azure;
/* In native_token.c; the name they share is that of a file. */
extern const struct native_source native_hetzner, native_digitalocean;

#endif
