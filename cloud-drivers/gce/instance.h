/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instance.h - an instance of the API as a VM of the ABI.
 */
#ifndef GCE_INSTANCE_H
#define GCE_INSTANCE_H

#include "driver.h"

#include <jansson.h>

/* The id of a VM, ZONE/NAME, in ret of size bytes; false when it does not fit. */
bool gce_id_make(const char *zone, const char *name, char *ret, size_t size);
/* Its path below the project ("/zones/Z/instances/N"), which the caller frees; NULL when
 * it is no id. */
char *gce_id_path(const char *id);

/* An element of a list, or the answer of a GET; what is not there stays "". */
void gce_instance_read(const json_t *instance, struct drv_vm *ret);

#endif
