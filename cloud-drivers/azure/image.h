/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * image.h - an image, as the option 'image' names it:
 *
 *	PUBLISHER:OFFER:SKU:VERSION	of the marketplace; VERSION may be "latest"
 *	/subscriptions/..., /CommunityGalleries/..., /SharedGalleries/...
 *	NAME				a managed image of the resource group
 */
#ifndef AZURE_IMAGE_H
#define AZURE_IMAGE_H

#include "cloud.h"

#include <jansson.h>

#define IMAGE_PARTS 4

/* The parts of one of the marketplace; false: it is none. */
bool azure_image_split(const char *image, char part[IMAGE_PARTS][64]);
/* Its imageReference. */
json_t *azure_image_reference(const struct drv *d, const char *image);

#endif
