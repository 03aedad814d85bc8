/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runner.h"

#include "check.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int check_ops(const struct drv_ops *ops, const char *name, struct err *err)
{
	if (ops->abi_major != DRV_ABI_MAJOR || ops->abi_minor > DRV_ABI_MINOR)
		return err_set(
			err, ERR_ABI, "driver '%s' is for ABI %u.%u, this is %u.%u", name,
			ops->abi_major, ops->abi_minor, DRV_ABI_MAJOR, DRV_ABI_MINOR);
	if (!ops->name || strcmp(ops->name, name) != 0)
		return err_set(err, ERR_ABI, "%s.so holds the driver '%s'", name,
			       ops->name ? ops->name : "");
	if (!ops->open || !ops->close || !ops->caps || !ops->validate || !ops->launch ||
	    !ops->list || !ops->terminate)
		return err_set(err, ERR_ABI,
			       "driver '%s' lacks a call that every driver must have",
			       name);
	return 0;
}

/* NAME of FOLDER/NAME.so; "" when it has another form. */
static void name_of(const char *path, char *ret, size_t size)
{
	const char *base = strrchr(path, '/');
	size_t len;

	base = base ? base + 1 : path;
	len = strlen(base);
	if (len > 3 && len - 3 < size && strcmp(base + len - 3, ".so") == 0)
		snprintf(ret, size, "%.*s", (int)(len - 3), base);
	else
		*ret = '\0';
}

int so_load(const char *path, const struct drv_ops **ret, struct err *err)
{
	const struct drv_ops *ops;
	char name[64];
	void *library;

	name_of(path, name, sizeof(name));
	if (access(path, F_OK) < 0)
		return err_set(err, ERR_NOT_FOUND, "there is no driver %s", path);
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return err_set(err, ERR_ABI, "driver '%s' cannot be loaded: %s", name,
			       dlerror());
	ops = dlsym(library, "drv_ops");
	if (!ops)
		return err_set(err, ERR_ABI,
			       "%s is not a driver: it has no symbol 'drv_ops'", path);
	*ret = ops;
	return check_ops(ops, name, err);
}

/* An older driver's tables end before these members. */

const char *const *so_pool_options(const struct drv_ops *ops)
{
	static const char *const none[] = { NULL };

	return ops->abi_minor >= 1 && ops->pool_options ? ops->pool_options : none;
}

const char *so_zone_option(const struct drv_ops *ops)
{
	return ops->abi_minor >= 4 ? ops->zone_option : "zone";
}

const char *so_interruption(const struct drv_ops *ops)
{
	return ops->abi_minor >= 4 ? ops->interruption : NULL;
}

struct drv_caps so_caps(const struct drv_ops *ops, const struct drv_caps *caps)
{
	struct drv_caps ret = { .flags = 0 };
	const size_t len = ops->abi_minor >= 4 ? sizeof(ret)
			   : ops->abi_minor == 3
				   ? offsetof(struct drv_caps, billing_min_ms)
			   : ops->abi_minor == 2 ? offsetof(struct drv_caps, billing_ms)
						 : offsetof(struct drv_caps, in_flight);

	memcpy(&ret, caps, len);
	ret.in_flight = MIN(MAX(ret.in_flight, 1), DRV_IN_FLIGHT_MAX);
	return ret;
}
