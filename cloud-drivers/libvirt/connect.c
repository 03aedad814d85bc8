/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * connect.c - connections, which libvirt makes and uses without a deadline. Its keepalive
 * (virConnectSetKeepAlive) needs an event loop in a thread of its own, and does nothing
 * for a hypervisor that hangs while it is connected to: the controller ends the process
 * at the call's deadline in both cases.
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"

#include <libvirt/virterror.h>

static void keep_quiet(void *arg, virErrorPtr e)
{
	(void)arg;
	(void)e;
}

void lv_set_up(void)
{
	virSetErrorFunc(NULL, keep_quiet);
}

void lv_cloud_done(struct lv_cloud *c)
{
	for (size_t i = 0; i < c->n; i++)
		(void)virConnectClose(c->v[i].conn);
	c->n = 0;
}

static int connect_one(const struct lv_hypervisor *h, struct lv_connected *ret,
		       struct drv_err *err)
{
	*ret = (struct lv_connected){ .at = h, .conn = virConnectOpen(h->uri) };
	return ret->conn ? 0 : lv_fail(err, ret, "cannot connect");
}

int lv_connect(const struct drv *d, const char *zone, struct lv_cloud *ret,
	       struct drv_err *err)
{
	CLEANUP(lv_cloud_done) struct lv_cloud c = { .n = 0 };

	for (size_t i = 0; i < d->opt.n_hypervisors; i++) {
		const struct lv_hypervisor *h = &d->opt.hypervisors[i];
		int rc;

		if (zone && strcmp(zone, h->zone) != 0)
			continue;
		rc = connect_one(h, &c.v[c.n], err);
		if (rc < 0)
			return rc;
		c.n++;
	}
	if (c.n == 0)
		return drv_fail(err, DRV_BADREQ,
				"there is no hypervisor '%s' in the option uri", zone);
	*ret = c;
	c.n = 0;
	return 0;
}
