/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * version.c - the microversion of Nova's API that both sides know.
 *
 * 2.52 brings tags with the launch, without which a launch whose answer was lost could
 * not be found again; 2.90 is what this driver was written for. Of a server that knows
 * later ones that is asked for, so that nothing changes under the driver.
 *
 * Source: https://docs.openstack.org/nova/latest/reference/api-microversion-history.html
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"

#include <stdio.h>
#include <string.h>

#define NEEDED 52
#define KNOWN 90

/* The minor number of "2.NN"; -1: another. */
static int minor_of(const char *version)
{
	int minor = -1, end = 0;

	if (sscanf(version, "2.%d%n", &minor, &end) != 1 || version[end])
		return -1;
	return minor;
}

/* The root of an address that ends with the project's id, as old catalogs have it. */
static void cut_project(struct drv *d)
{
	char *last = strrchr(d->compute, '/');

	if (last && *d->project_id && strcmp(last + 1, d->project_id) == 0)
		*last = '\0';
}

/* An address without a version shows them all: continues at v2.1. */
static const json_t *version_in(struct drv *d, const json_t *doc)
{
	const json_t *each;
	size_t i;

	json_array_foreach(rest_at(doc, "versions"), i, each)
	{
		char *longer;

		if (strcmp(rest_text(each, "id"), "v2.1") != 0)
			continue;
		longer = xasprintf("%s/v2.1", d->compute);
		free(d->compute);
		d->compute = longer;
		return each;
	}
	return rest_at(doc, "version");
}

int os_agree_version(struct drv *d, int64_t deadline, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	const json_t *version;
	int most, rc;

	cut_project(d);
	rc = os_get(d, d->compute, "", "/", deadline, &a, err);
	/* Of a server it would mean that it is gone: here nothing is Nova's. */
	if (rc == DRV_NOTFOUND)
		rc = err->cls = DRV_BADREQ;
	if (rc < 0)
		return rc;
	version = version_in(d, a.doc);
	most = minor_of(rest_text(version, "version"));
	if (most < NEEDED)
		return drv_fail(
			err, DRV_NOTSUP,
			"%s: Nova's API is version '%s', which cannot tag what it "
			"launches: 2.%d (Pike, of 2017) is needed",
			d->compute, rest_text(version, "version"), NEEDED);
	if (minor_of(rest_text(version, "min_version")) > KNOWN)
		return drv_fail(err, DRV_NOTSUP,
				"%s: Nova's API is version '%s' or later, this driver's "
				"is 2.%d",
				d->compute, rest_text(version, "min_version"), KNOWN);
	snprintf(d->microversion, sizeof(d->microversion),
		 "OpenStack-API-Version: compute 2.%d", MIN(most, KNOWN));
	return 0;
}
