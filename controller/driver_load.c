/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver_load.h"

#include "check.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIST_MAX 20000 /* more than any account holds: a cloud that never ends a list */

struct driver {
	const struct drv_ops *ops;
	const struct drv_host *host;
	struct drv *drv;
	char name[64];
};

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
		return err_set(err, ERR_INVAL, "'%s' is no name of a driver", name);
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
			       "%s is no driver: it has no symbol 'drv_ops'", path);
	*ret = ops;
	return check_ops(ops, name, err);
}

int driver_open(const char *dir, const char *name, const struct drv_host *host,
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
	(*ret)->host = host;
	(*ret)->drv = drv;
	snprintf((*ret)->name, sizeof((*ret)->name), "%s", name);
	return 0;
}

void driver_close(struct driver *d)
{
	if (!d)
		return;
	d->ops->close(d->drv);
	free(d);
}

const char *driver_name(const struct driver *d)
{
	return d->name;
}

const struct drv_caps *driver_caps(const struct driver *d)
{
	return d->ops->caps(d->drv);
}

/* ---------------------------------------------------------------- calls */

static int64_t deadline_in(const struct driver *d, int64_t timeout_ms)
{
	return d->host->mono_ms(d->host->ctx) + timeout_ms;
}

/* Clears what an earlier call left, so that a driver that says nothing says nothing. */
static void begin(struct drv_err *err)
{
	memset(err, 0, sizeof(*err));
	err->retry_after_ms = -1;
}

/* What is returned is what counts; a class that we do not know is the driver's bug. */
static int end(int rc, struct drv_err *err)
{
	if (rc == 0)
		return 0;
	err->cls = rc < 0 && rc >= DRV_BUG ? rc : DRV_BUG;
	if (!err->msg[0])
		snprintf(err->msg, sizeof(err->msg), "the driver gave no reason");
	return err->cls;
}

static int unsupported(const struct driver *d, const char *what, struct drv_err *err)
{
	begin(err);
	err->cls = DRV_NOTSUP;
	snprintf(err->msg, sizeof(err->msg), "driver '%s' has no %s", d->name, what);
	return DRV_NOTSUP;
}

int driver_validate(struct driver *d, int64_t timeout_ms, drv_report_fn *report,
		    void *arg, struct drv_err *err)
{
	begin(err);
	return end(d->ops->validate(d->drv, deadline_in(d, timeout_ms), report, arg, err),
		   err);
}

int driver_types(struct driver *d, int64_t timeout_ms, drv_type_fn *each, void *arg,
		 struct drv_err *err)
{
	if (!d->ops->types)
		return unsupported(d, "list of types", err);
	begin(err);
	return end(d->ops->types(d->drv, deadline_in(d, timeout_ms), each, arg, err),
		   err);
}

int driver_launch(struct driver *d, const struct drv_launch *launch, int64_t timeout_ms,
		  struct drv_vm *ret, struct drv_err *err)
{
	begin(err);
	memset(ret, 0, sizeof(*ret));
	return end(d->ops->launch(d->drv, launch, deadline_in(d, timeout_ms), ret, err),
		   err);
}

int driver_terminate(struct driver *d, const char *owner, const char *vm_id,
		     int64_t timeout_ms, struct drv_err *err)
{
	begin(err);
	return end(
		d->ops->terminate(d->drv, owner, vm_id, deadline_in(d, timeout_ms), err),
		err);
}

int driver_console(struct driver *d, const char *vm_id, int64_t timeout_ms,
		   drv_text_fn *text, void *arg, struct drv_err *err)
{
	if (!d->ops->console)
		return unsupported(d, "console", err);
	begin(err);
	return end(d->ops->console(d->drv, vm_id, deadline_in(d, timeout_ms), text, arg,
				   err),
		   err);
}

int driver_quota(struct driver *d, int64_t timeout_ms, struct drv_quota *ret,
		 struct drv_err *err)
{
	if (!d->ops->quota)
		return unsupported(d, "quota", err);
	begin(err);
	return end(d->ops->quota(d->drv, deadline_in(d, timeout_ms), ret, err), err);
}

struct list {
	struct drv_vm *vms;
	size_t n, cap;
	bool endless;
};

static void on_vm(void *arg, const struct drv_vm *vm)
{
	struct list *l = arg;

	if (l->n == LIST_MAX) {
		l->endless = true;
		return;
	}
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->vms = xrealloc(l->vms, l->cap * sizeof(*l->vms));
	}
	l->vms[l->n++] = *vm;
}

int driver_list(struct driver *d, const char *owner, int64_t timeout_ms,
		struct drv_vm **ret, size_t *ret_n, struct drv_err *err)
{
	struct list l = { .n = 0 };
	int rc;

	begin(err);
	rc = end(d->ops->list(d->drv, owner, deadline_in(d, timeout_ms), on_vm, &l, err),
		 err);
	if (rc == 0 && l.endless) {
		rc = err->cls = DRV_BUG;
		snprintf(err->msg, sizeof(err->msg), "the list has no end");
	}
	if (rc < 0) {
		free(l.vms);
		return rc;
	}
	*ret = l.vms ? l.vms : xmalloc(1);
	*ret_n = l.n;
	return 0;
}

/* ---------------------------------------------------------------- names */

static const struct {
	int cls;
	const char *name;
	int err_code;
} classes[] = {
	{ DRV_AUTH, "AUTH", ERR_DENIED },
	{ DRV_BADREQ, "BADREQ", ERR_INVAL },
	{ DRV_QUOTA, "QUOTA", ERR_LIMIT },
	{ DRV_CAPACITY, "CAPACITY", ERR_UNAVAIL },
	{ DRV_THROTTLED, "THROTTLED", ERR_UNAVAIL },
	{ DRV_TRANSIENT, "TRANSIENT", ERR_UNAVAIL },
	{ DRV_NOTFOUND, "NOTFOUND", ERR_NOT_FOUND },
	{ DRV_CONFLICT, "CONFLICT", ERR_CONFLICT },
	{ DRV_AMBIGUOUS, "AMBIGUOUS", ERR_TIMEOUT },
	{ DRV_NOTSUP, "NOTSUP", ERR_INVAL },
	{ DRV_BUG, "BUG", ERR_INTERNAL },
};

const char *drv_class_name(int cls)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (classes[i].cls == cls)
			return classes[i].name;
	return cls == 0 ? "OK" : "UNKNOWN";
}

const char *drv_vm_state_name(enum drv_vm_state state)
{
	switch (state) {
	case DRV_VM_PENDING:
		return "pending";
	case DRV_VM_RUNNING:
		return "running";
	case DRV_VM_STOPPING:
		return "stopping";
	case DRV_VM_GONE:
		return "gone";
	case DRV_VM_FAILED:
		return "failed";
	case DRV_VM_UNKNOWN:
		break;
	}
	return "unknown";
}

int drv_err_to_err(const struct driver *d, const struct drv_err *from, struct err *err)
{
	int code = ERR_INTERNAL;

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (classes[i].cls == from->cls)
			code = classes[i].err_code;
	return err_set(err, code, "driver '%s': %s: %s", d->name,
		       drv_class_name(from->cls), from->msg);
}
