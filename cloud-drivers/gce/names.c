/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.c - what options give by name, as the paths that the API takes.
 */
#include "cloud.h"

#include "check.h"

#include <string.h>

const char *gce_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *gce_region_of(const char *zone)
{
	const char *dash = strrchr(zone, '-');

	return xstrndup(zone, dash ? (size_t)(dash - zone) : strlen(zone));
}

/* "global/images/x", "projects/...", "https://...". */
static bool is_path(const char *name)
{
	static const char *const starts[] = { "projects/", "global/", "regions/",
					      "https://", "http://" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

char *gce_image_path(const struct drv *d, const char *image)
{
	const char *slash = strchr(image, '/');

	if (is_path(image))
		return xstrdup(image);
	if (slash)
		return xasprintf("projects/%.*s/global/images/family/%s",
				 (int)(slash - image), image, slash + 1);
	return xasprintf("projects/%s/global/images/%s", d->cred.project, image);
}

char *gce_network_path(const char *network)
{
	return is_path(network) ? xstrdup(network)
				: xasprintf("global/networks/%s", network);
}

char *gce_subnetwork_path(const char *zone, const char *subnetwork)
{
	CLEANUP(free) char *region = gce_region_of(zone);

	return is_path(subnetwork)
		       ? xstrdup(subnetwork)
		       : xasprintf("regions/%s/subnetworks/%s", region, subnetwork);
}
