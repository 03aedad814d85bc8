/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quota.c - how many VMs of the pool's size the region still lets the subscription have.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

struct usages {
	const struct azure_size *size; /* NULL: of any */
	double left;
	int64_t used;
};

/* Of which each VM takes so many. */
static void narrow(struct usages *u, const json_t *usage, int64_t each)
{
	const double room =
		rest_num(usage, "limit", 0) - rest_num(usage, "currentValue", 0);

	if (each > 0)
		u->left = MIN(u->left, MAX(0, room / (double)each));
}

static int take(void *arg, const json_t *usage, struct drv_err *err)
{
	struct usages *u = arg;
	const char *name = rest_text(usage, "name.value");

	(void)err;
	if (strcasecmp(name, "virtualMachines") == 0) {
		u->used = rest_int(usage, "currentValue", 0);
		narrow(u, usage, 1);
	}
	if (u->size &&
	    (strcasecmp(name, "cores") == 0 || strcasecmp(name, u->size->family) == 0))
		narrow(u, usage, u->size->cpus);
	return 0;
}

int azure_quota(struct drv *d, int64_t deadline, struct drv_quota *ret,
		struct drv_err *err)
{
	struct usages u = { .left = (double)INT32_MAX };
	CLEANUP(free) char *more = NULL;
	CLEANUP(free) char *path = NULL;
	int rc = 0;

	if (!d->opt.location)
		return drv_fail(err, DRV_BADREQ,
				"no region is named: give the option 'location'");
	if (d->opt.type)
		rc = azure_size_of(d, deadline, &u.size, err);
	if (rc < 0)
		return rc;
	more = xasprintf("locations/%s/usages?" AZURE_VERSION, d->opt.location);
	path = azure_subscription_path(d, more);
	rc = azure_each(d, path, deadline, take, &u, err);
	if (rc < 0)
		return rc;
	ret->used = u.used;
	ret->limit = u.left < (double)INT32_MAX ? u.used + (int64_t)u.left : -1;
	return 0;
}
