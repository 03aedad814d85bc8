/* SPDX-License-Identifier: GPL-3.0-or-later */
/* terminate.c - the end of a host, which can be done again from any point. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

/* Its saved memory, its firmware's variables and what knows of snapshots go as well. */
#define UNDEFINE_ALL                                                    \
	(VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_NVRAM | \
	 VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |                       \
	 VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA)

static int end(const struct lv_connected *c, virDomainPtr dom, const struct lv_host *h,
	       struct drv_err *err)
{
	int rc;

	if (!h->is_active || virDomainDestroy(dom) == 0)
		return 0;
	/* It may have powered itself off. */
	rc = lv_fail(err, c, "cannot end the host");
	return rc == DRV_NOTFOUND || virDomainIsActive(dom) == 0 ? 0 : rc;
}

int lv_remove(const struct lv_connected *c, virDomainPtr dom, const struct lv_host *h,
	      struct drv_err *err)
{
	int rc = end(c, dom, h, err);

	if (rc == 0)
		rc = lv_delete_volumes(c, h->storage, h->vm.launch_id, err);
	if (rc < 0)
		return rc;
	/* A driver that knows not all flags has nothing of what they are for. */
	if (virDomainUndefineFlags(dom, UNDEFINE_ALL) == 0 || virDomainUndefine(dom) == 0)
		return 0;
	rc = lv_fail(err, c, "cannot remove the host's definition");
	return rc == DRV_NOTFOUND ? 0 : rc;
}

/* "ZONE.LAUNCHID" in its parts. */
static int read_id(const char *vm_id, char *zone, size_t size, const char **launch_id,
		   struct drv_err *err)
{
	const char *dot = strchr(vm_id, '.');
	const size_t n = dot ? (size_t)(dot - vm_id) : 0;

	if (n == 0 || n >= size || !drv_is_word(dot + 1))
		return drv_fail(err, DRV_BADREQ, "'%s' is not a host's id", vm_id);
	memcpy(zone, vm_id, n);
	zone[n] = '\0';
	*launch_id = dot + 1;
	return 0;
}

int lv_terminate(struct drv *d, const char *owner, const char *vm_id, int64_t deadline,
		 struct drv_err *err)
{
	CLEANUP(lv_cloud_done) struct lv_cloud c = { .n = 0 };
	CLEANUP(virDomainFree) virDomainPtr dom = NULL;
	const char *launch_id = NULL;
	char zone[64];
	struct lv_host h;
	int rc = read_id(vm_id, zone, sizeof(zone), &launch_id, err);

	(void)deadline;
	if (rc == 0)
		rc = lv_connect(d, zone, &c, err);
	if (rc == 0)
		rc = lv_find(&c.v[0], launch_id, &dom, err);
	if (rc < 0 || !dom)
		return rc;
	rc = lv_host_read(&c.v[0], dom, d->host->wall_ms(d->host->ctx), &h, err);
	if (rc == 0 && (!h.is_marked || strcmp(h.vm.owner, owner) != 0))
		return drv_fail(err, DRV_CONFLICT,
				"host %s has not this installation's mark: it %s%s",
				vm_id, h.is_marked ? "belongs to " : "is somebody else's",
				h.is_marked ? h.vm.owner : "");
	if (rc == 0)
		rc = lv_remove(&c.v[0], dom, &h, err);
	return rc == DRV_NOTFOUND ? 0 : rc;
}
