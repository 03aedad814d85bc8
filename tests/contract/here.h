/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * here.h - a driver in the test's own process, with services that the test gives it:
 * where a debugger and the sanitizers see it.
 */
#ifndef TESTS_CONTRACT_HERE_H
#define TESTS_CONTRACT_HERE_H

#include "test.h"

#include "check.h"
#include "clouds.h"
#include "runner.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static inline const char *drivers_dir(void)
{
	static char path[512];
	const char *build = getenv("B");

	snprintf(path, sizeof(path), "%s/drivers", build ? build : "build");
	return path;
}

static inline const struct drv_ops *here_load(const char *name)
{
	CLEANUP(free) char *path = xasprintf("%s/%s.so", drivers_dir(), name);
	const struct drv_ops *ops = NULL;
	struct err e;

	assert_ok(so_load(path, &ops, &e), &e);
	return ops;
}

/* host must outlive it. */
static inline int here_open(const struct drv_host *host, const char *name,
			    const char *config, struct driver **ret, struct err *err)
{
	const struct drv_ops *ops = here_load(name);
	struct drv *drv = NULL;
	struct drv_err e;

	if (ops->open(host, config, &drv, &e) < 0)
		return err_set(err, ERR_INVAL, "%s", e.msg);
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->ops = ops;
	(*ret)->drv = drv;
	return 0;
}

static inline void here_close(struct driver *d)
{
	if (d)
		d->ops->close(d->drv);
	free(d);
}

/* Whether a stack may give this option for a pool of the driver. */
static inline bool here_stack_gives(const char *name, const char *option)
{
	const char *const *p = so_pool_options(here_load(name));

	while (*p && strcmp(*p, option) != 0)
		p++;
	return *p;
}

#endif
