/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * droplet.h - a droplet as a VM of the ABI, and the tags that say whose it is.
 */
#ifndef DIGITALOCEAN_DROPLET_H
#define DIGITALOCEAN_DROPLET_H

#include "driver.h"

#include <jansson.h>

/*
 * What follows the prefix ("ft-owner:") in a tag of the droplet, in ret of size bytes; ""
 * when there is none. A tag is shown in the case in which it was first used by anybody;
 * ours are small.
 */
void do_tag_of(const json_t *droplet, const char *prefix, char *ret, size_t size);

/* From an element of GET /v2/droplets. */
void do_droplet_read(const json_t *droplet, struct drv_vm *ret);

#endif
