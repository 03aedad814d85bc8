/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quota.c - how many servers of the pool's flavor the project may still have.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"

struct room {
	int64_t left; /* servers; INT64_MAX: without end */
};

/* Of one resource, of which each server takes some. Nova's -1 is without limit. */
static void narrow(struct room *r, const json_t *limits, const char *max,
		   const char *used, int64_t each)
{
	const int64_t limit = rest_int(limits, max, -1);

	if (limit >= 0 && each > 0)
		r->left =
			MIN(r->left, MAX(0, (limit - rest_int(limits, used, 0)) / each));
}

int os_quota(struct drv *d, int64_t deadline, struct drv_quota *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	struct room room = { .left = INT64_MAX };
	const json_t *flavor = NULL, *limits;
	int rc = 0;

	if (d->opt.type)
		rc = os_pick_flavor(d, NULL, deadline, &flavor, err);
	if (rc == 0)
		rc = os_nova(d, "GET", "/limits", NULL, deadline, &a, err);
	if (rc < 0)
		return rc;
	limits = rest_at(a.doc, "limits.absolute");
	narrow(&room, limits, "maxTotalInstances", "totalInstancesUsed", 1);
	narrow(&room, limits, "maxTotalCores", "totalCoresUsed",
	       rest_int(flavor, "vcpus", 0));
	narrow(&room, limits, "maxTotalRAMSize", "totalRAMUsed",
	       rest_int(flavor, "ram", 0));
	ret->used = rest_int(limits, "totalInstancesUsed", 0);
	ret->limit = room.left == INT64_MAX ? -1 : ret->used + room.left;
	return 0;
}
