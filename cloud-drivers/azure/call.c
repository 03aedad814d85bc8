/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cloud.h"

#include "check.h"

#include <string.h>

#define COMPUTE "Microsoft.Compute"

static int call_at(struct drv *d, struct rest_call *c, const char *path,
		   struct rest_answer *ret, struct drv_err *err)
{
	const char *endpoint = d->opt.endpoint ? d->opt.endpoint : d->cred.endpoint;
	CLEANUP(free) char *url = xasprintf("%s%s", endpoint, path);

	c->url = url;
	return rest_call(&d->rest, c, ret, err);
}

int azure_call(struct drv *d, const char *method, const char *path, const json_t *body,
	       int64_t deadline, struct rest_answer *ret, struct drv_err *err)
{
	struct rest_call c = {
		.method = method,
		.body = body,
		.want_doc = strcmp(method, "DELETE") != 0,
		.deadline_mono_ms = deadline,
	};

	return call_at(d, &c, path, ret, err);
}

int azure_put(struct drv *d, const char *path, const char *condition, const json_t *body,
	      int64_t deadline, struct rest_answer *ret, struct drv_err *err)
{
	const char *const headers[] = { condition, NULL };
	struct rest_call c = {
		.method = "PUT",
		.headers = headers,
		.body = body,
		.want_doc = true,
		.deadline_mono_ms = deadline,
	};

	return call_at(d, &c, path, ret, err);
}

int azure_look(struct drv *d, const char *path, int64_t deadline, struct rest_answer *ret,
	       struct drv_err *err)
{
	struct rest_call c = { .method = "GET", .deadline_mono_ms = deadline };

	return call_at(d, &c, path, ret, err);
}

const char *azure_link_path(const char *link)
{
	const char *host = strstr(link, "://");
	const char *path = host ? strchr(host + strlen("://"), '/') : NULL;

	for (const char *c = path; c && *c; c++)
		if (*c <= ' ' || *c > '~')
			return NULL;
	return path;
}

/* ---------------------------------------------------------------- paths */

char *azure_group_path(const struct drv *d, const char *provider, const char *more)
{
	return xasprintf("/subscriptions/%s/resourceGroups/%s/providers/%s/%s",
			 d->cred.subscription, d->cred.group, provider, more);
}

char *azure_vm_path(const struct drv *d, const char *name, const char *more)
{
	CLEANUP(free)
	char *whole = xasprintf("virtualMachines/%s%s" AZURE_VERSION, name, more);

	return azure_group_path(d, COMPUTE, whole);
}

char *azure_list_path(const struct drv *d)
{
	return azure_group_path(d, COMPUTE, "virtualMachines?" AZURE_VERSION);
}

char *azure_subscription_path(const struct drv *d, const char *more)
{
	return xasprintf("/subscriptions/%s/providers/" COMPUTE "/%s",
			 d->cred.subscription, more);
}
