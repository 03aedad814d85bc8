/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image.h"

#include "check.h"
#include "text.h"

#include <string.h>

bool azure_image_split(const char *image, char part[IMAGE_PARTS][64])
{
	for (size_t i = 0; i < IMAGE_PARTS; i++) {
		const size_t n =
			strspn(image, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
				      "XYZ0123456789-_.");

		if (n == 0 || n >= 64 || image[n] != (i + 1 < IMAGE_PARTS ? ':' : '\0'))
			return false;
		memcpy(part[i], image, n);
		part[i][n] = '\0';
		image += n + 1;
	}
	return true;
}

json_t *azure_image_reference(const struct drv *d, const char *image)
{
	static const struct {
		const char *start, *member;
	} paths[] = {
		{ "/CommunityGalleries/", "communityGalleryImageId" },
		{ "/SharedGalleries/", "sharedGalleryImageId" },
		{ "/", "id" },
	};
	CLEANUP(free) char *more = NULL;
	CLEANUP(free) char *path = NULL;
	char part[IMAGE_PARTS][64];

	if (azure_image_split(image, part))
		return json_pack("{s:s, s:s, s:s, s:s}", "publisher", part[0], "offer",
				 part[1], "sku", part[2], "version", part[3]);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strncasecmp(image, paths[i].start, strlen(paths[i].start)) == 0)
			return json_pack("{s:o}", paths[i].member, json_text(image));
	more = xasprintf("images/%s", image);
	path = azure_group_path(d, "Microsoft.Compute", more);
	return json_pack("{s:o}", "id", json_text(path));
}
