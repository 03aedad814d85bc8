/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seed.h - the disk that gives a host its user data: ISO 9660 with the label cidata, as
 * cloud-init's NoCloud data source reads it.
 *
 * Source: https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html
 */
#ifndef LIBVIRT_SEED_H
#define LIBVIRT_SEED_H

#include "err.h"

#include <stddef.h>

struct seed {
	const char *instance_id;
	const char *name; /* the host's */
	const void *user_data;
	size_t user_data_len;
};

/* The image; the caller frees *ret. ERR_LIMIT, ERR_INTERNAL in libarchive's words. */
int seed_make(const struct seed *s, void **ret, size_t *ret_len,
	      struct err *err) MUST_CHECK;

#endif
