/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver_load.h"

#include "check.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

/* ---------------------------------------------------------------- loading */

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

static bool is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n < 64 && name[n] == '\0';
}

static int load(const char *dir, const char *name, const struct drv_ops **ret,
		struct err *err)
{
	CLEANUP(free) char *path = NULL;
	const struct drv_ops *ops;
	void *library;

	if (!is_name(name))
		return err_set(err, ERR_INVAL, "'%s' is not a valid driver name", name);
	path = xasprintf("%s/%s.so", dir, name);
	if (access(path, F_OK) < 0)
		return err_set(err, ERR_NOT_FOUND, "there is no driver '%s' in %s", name,
			       dir);
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

int driver_open_with(const struct drv_host *host, const char *dir, const char *name,
		     const char *config_json, struct driver **ret, struct err *err)
{
	const struct drv_ops *ops = NULL;
	struct drv_err e = { .cls = 0 };
	struct drv *drv = NULL;
	int rc = load(dir, name, &ops, err);

	if (rc < 0)
		return rc;
	if (ops->open(host, config_json, &drv, &e) < 0)
		return err_set(err, ERR_INVAL, "driver '%s': %s", name, e.msg);
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->ops = ops;
	(*ret)->drv = drv;
	return 0;
}

int driver_open(const char *dir, const char *name, const char *config_json,
		struct driver **ret, struct err *err)
{
	return driver_open_with(&driver_host, dir, name, config_json, ret, err);
}

void driver_close(struct driver *d)
{
	if (!d)
		return;
	d->ops->close(d->drv);
	free(d);
}

const char *drv_class_name(int cls)
{
	static const char *const names[] = {
		[-DRV_AUTH] = "AUTH",
		[-DRV_BADREQ] = "BADREQ",
		[-DRV_QUOTA] = "QUOTA",
		[-DRV_CAPACITY] = "CAPACITY",
		[-DRV_THROTTLED] = "THROTTLED",
		[-DRV_TRANSIENT] = "TRANSIENT",
		[-DRV_NOTFOUND] = "NOTFOUND",
		[-DRV_CONFLICT] = "CONFLICT",
		[-DRV_AMBIGUOUS] = "AMBIGUOUS",
		[-DRV_NOTSUP] = "NOTSUP",
		[-DRV_BUG] = "BUG",
	};

	if (cls == 0)
		return "OK";
	return cls < 0 && -cls < (int)ARRAY_SIZE(names) ? names[-cls] : "UNKNOWN";
}
