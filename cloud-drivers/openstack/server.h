/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.h - a server of Nova's as a VM of the ABI, and whose it is.
 */
#ifndef OPENSTACK_SERVER_H
#define OPENSTACK_SERVER_H

#include "driver.h"

#include <jansson.h>

/*
 * A tag of the driver's ("ft-owner") of a server: from the metadata, which hold it in
 * full, else from the tags. Copied to ret of size bytes; "" when there is none.
 */
void os_tag_of(const json_t *server, const char *name, char *ret, size_t size);

/* From an element of GET /servers/detail, in microversion 2.52 or later. */
void os_server_read(const json_t *server, struct drv_vm *ret);

#endif
