/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * failures.c - what libvirt's errors mean.
 *
 * Source: https://libvirt.org/html/libvirt-virterror.html
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "rest.h"

#include <errno.h>
#include <libvirt/virterror.h>

static const struct {
	int code;
	enum drv_class cls;
} classes[] = {
	{ VIR_ERR_AUTH_FAILED, DRV_AUTH },
	{ VIR_ERR_AUTH_CANCELLED, DRV_AUTH },
	{ VIR_ERR_AUTH_UNAVAILABLE, DRV_AUTH },
	{ VIR_ERR_ACCESS_DENIED, DRV_AUTH },
	{ VIR_ERR_OPERATION_DENIED, DRV_AUTH },
	{ VIR_ERR_NO_CONNECT, DRV_BADREQ }, /* no driver for such a URI */
	{ VIR_ERR_INVALID_ARG, DRV_BADREQ },
	{ VIR_ERR_XML_ERROR, DRV_BADREQ },
	{ VIR_ERR_XML_DETAIL, DRV_BADREQ },
	{ VIR_ERR_XML_INVALID_SCHEMA, DRV_BADREQ },
	{ VIR_ERR_CONFIG_UNSUPPORTED, DRV_BADREQ },
	{ VIR_ERR_NO_NETWORK, DRV_BADREQ },
	{ VIR_ERR_NO_STORAGE_POOL, DRV_BADREQ },
	{ VIR_ERR_CPU_INCOMPATIBLE, DRV_BADREQ },
	{ VIR_ERR_NO_DOMAIN, DRV_NOTFOUND },
	{ VIR_ERR_DOM_EXIST, DRV_CONFLICT },
	{ VIR_ERR_STORAGE_VOL_EXIST, DRV_CONFLICT },
	{ VIR_ERR_NO_SUPPORT, DRV_NOTSUP },
	{ VIR_ERR_ARGUMENT_UNSUPPORTED, DRV_NOTSUP },
	{ VIR_ERR_OPERATION_UNSUPPORTED, DRV_NOTSUP },
};

/* Of failures that libvirt and QEMU only have words for: a hypervisor that is full. */
static const char *const full[] = { "Cannot allocate memory",
				    "cannot set up guest memory",
				    "No space left on device", "not enough free space" };

static bool is_full(const virError *e)
{
	if (e->code == VIR_ERR_SYSTEM_ERROR &&
	    (e->int1 == ENOMEM || e->int1 == ENOSPC || e->int1 == EDQUOT))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(full); i++)
		if (e->message && strstr(e->message, full[i]))
			return true;
	return false;
}

static enum drv_class class_of(const virError *e)
{
	if (is_full(e))
		return DRV_CAPACITY;
	if (e->code == VIR_ERR_SYSTEM_ERROR && (e->int1 == EACCES || e->int1 == EPERM))
		return DRV_AUTH;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (classes[i].code == e->code)
			return classes[i].cls;
	return DRV_TRANSIENT;
}

int lv_code(void)
{
	const virError *e = virGetLastError();

	return e ? e->code : VIR_ERR_OK;
}

int lv_fail(struct drv_err *err, const struct lv_connected *c, const char *doing)
{
	const virError *e = virGetLastError();
	char said[DRV_MSG_MAX];

	rest_plain(said, sizeof(said), e && e->message ? e->message : "no reason given",
		   NULL);
	(void)drv_fail(err, e ? class_of(e) : DRV_BUG, "hypervisor %s: %s: %s",
		       c->at->zone, doing, said);
	snprintf(err->code, sizeof(err->code), "%d", e ? e->code : 0);
	return err->cls;
}
