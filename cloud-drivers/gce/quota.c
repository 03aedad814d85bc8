/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quota.c - how many VMs of the pool's type the region still lets the project have.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

#include <ctype.h>

static const json_t *find(const json_t *quotas, const char *metric)
{
	const json_t *quota;
	size_t i;

	json_array_foreach(quotas, i, quota)
	{
		if (strcmp(rest_text(quota, "metric"), metric) == 0)
			return quota;
	}
	return NULL;
}

/* "n2-standard-4" has N2_CPUS, where the region counts that family by itself. */
static const json_t *cpus_of(const json_t *quotas, const char *type)
{
	const size_t n = strcspn(type, "-");
	CLEANUP(free) char *metric = xasprintf("%.*s_CPUS", (int)n, type);
	const json_t *own;

	for (size_t i = 0; i < n; i++)
		metric[i] = (char)toupper((unsigned char)metric[i]);
	own = find(quotas, metric);
	return own ? own : find(quotas, "CPUS");
}

/* Of which each VM takes so many. */
static void narrow(double *left, const json_t *quota, double each)
{
	const double room = rest_num(quota, "limit", 0) - rest_num(quota, "usage", 0);

	if (quota && each > 0)
		*left = MIN(*left, MAX(0, room / each));
}

static int cpus_each(struct drv *d, int64_t deadline, int64_t *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *path = NULL;
	int rc;

	if (!d->opt.type)
		return 0;
	path = xasprintf("/zones/%s/machineTypes/%s", d->opt.zone, d->opt.type);
	rc = gce_call(d, "GET", path, NULL, deadline, &a, err);
	if (rc == DRV_NOTFOUND)
		rc = err->cls = DRV_BADREQ;
	*ret = rest_int(a.doc, "guestCpus", 0);
	return rc;
}

int gce_quota(struct drv *d, int64_t deadline, struct drv_quota *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *region = NULL;
	CLEANUP(free) char *path = NULL;
	double left = (double)INT32_MAX;
	const json_t *quotas;
	int64_t cpus = 0;
	int rc;

	if (!d->opt.zone)
		return drv_fail(err, DRV_BADREQ,
				"no zone is named: give the option 'zone'");
	rc = cpus_each(d, deadline, &cpus, err);
	if (rc < 0)
		return rc;
	region = gce_region_of(d->opt.zone);
	path = xasprintf("/regions/%s", region);
	rc = gce_call(d, "GET", path, NULL, deadline, &a, err);
	if (rc < 0)
		return rc;
	quotas = rest_at(a.doc, "quotas");
	narrow(&left, find(quotas, "INSTANCES"), 1);
	if (d->opt.type)
		narrow(&left, cpus_of(quotas, d->opt.type), (double)cpus);
	if (d->opt.public_address)
		narrow(&left, find(quotas, "IN_USE_ADDRESSES"), 1);
	ret->used = rest_int(find(quotas, "INSTANCES"), "usage", 0);
	ret->limit = left < (double)INT32_MAX ? ret->used + (int64_t)left : -1;
	return 0;
}
