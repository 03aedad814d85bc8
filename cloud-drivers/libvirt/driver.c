/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt/driver.c - virtual machines on the owner's own hypervisors, each a zone.
 *
 * Calls of libvirt have no deadline: at a call's the controller ends this process.
 * Connections to other machines have no keepalive, which would need an event loop in a
 * thread, and a driver starts none: see connect.c.
 */
#include "driver.h"
#include "driver_util.h"

#include "check.h"
#include "cloud.h"
#include "operations.h"

static const struct drv_caps caps = {
	.flags = DRV_CAP_UNIQUE_NAME | DRV_CAP_CHECKS_OWNER,
	.user_data_max_bytes = USER_DATA_MAX,
	.labels_max = LABELS_MAX,
	.label_max_bytes = 60,
	.in_flight = 4,
};

static void lv_close(struct drv *d)
{
	if (!d)
		return;
	lv_options_done(&d->opt);
	free(d);
}

static int lv_open(const struct drv_host *host, const char *config_json, struct drv **ret,
		   struct drv_err *err)
{
	struct drv *d = xcalloc(1, sizeof(*d));
	int rc = lv_options_read(config_json, &d->opt, err);

	if (rc < 0) {
		free(d);
		return rc;
	}
	lv_set_up();
	d->host = host;
	*ret = d;
	return 0;
}

static const struct drv_caps *lv_caps(struct drv *d)
{
	(void)d;
	return &caps;
}

/* Hypervisors, their storage and their networks are their owner's to give. */
static const char *const pool_options[] = { "type", "image", "disk_gb", NULL };

DRV_EXPORT(.name = "libvirt", .open = lv_open, .close = lv_close, .caps = lv_caps,
	   .validate = lv_validate, .types = lv_types, .launch = lv_launch,
	   .list = lv_list, .terminate = lv_terminate, .quota = lv_quota,
	   .pool_options = pool_options);
