/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.c - calls to the API, and what its errors mean.
 *
 * Source:
 * https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-vm-creation and
 * https://cloud.google.com/compute/docs/api/errors
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"

/* ---------------------------------------------------------------- failures */

static const struct {
	const char *code; /* its beginning; in any case of letters */
	enum drv_class cls;
} classes[] = {
	{ "rateLimitExceeded", DRV_THROTTLED },
	{ "userRateLimitExceeded", DRV_THROTTLED },
	{ "RATE_LIMIT_EXCEEDED", DRV_THROTTLED },
	{ "RESOURCE_OPERATION_RATE_EXCEEDED", DRV_THROTTLED },
	{ "OPERATION_RATE_EXCEEDED", DRV_THROTTLED },
	{ "quotaExceeded", DRV_QUOTA },
	{ "QUOTA_EXCEEDED", DRV_QUOTA },
	{ "LIMIT_EXCEEDED", DRV_QUOTA },
	{ "limitExceeded", DRV_QUOTA },
	{ "ZONE_RESOURCE_POOL_EXHAUSTED", DRV_CAPACITY }, /* also ..._WITH_DETAILS */
	{ "REGION_RESOURCE_POOL_EXHAUSTED", DRV_CAPACITY },
	{ "resourcePoolExhausted", DRV_CAPACITY },
	{ "stockout", DRV_CAPACITY },
	{ "resourceNotReady", DRV_CONFLICT },
	{ "RESOURCE_NOT_READY", DRV_CONFLICT },
	{ "resourceInUse", DRV_CONFLICT },
	{ "RESOURCE_IN_USE", DRV_CONFLICT },
	{ "alreadyExists", DRV_CONFLICT },
	{ "RESOURCE_ALREADY_EXISTS", DRV_CONFLICT },
	{ "INTERNAL_ERROR", DRV_TRANSIENT },
	{ "PERMISSIONS_ERROR", DRV_AUTH },
};

enum drv_class gce_class(const char *code, enum drv_class fallback)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (strncasecmp(code, classes[i].code, strlen(classes[i].code)) == 0)
			return classes[i].cls;
	return fallback;
}

/*
 * {"error": {"code": 403, "message": "...", "status": "PERMISSION_DENIED", "errors":
 * [{"reason": "..."}]}}; the token's server has its own.
 */
void gce_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault)
{
	const json_t *first = json_array_get(rest_at(a->doc, "error.errors"), 0);
	const char *message = rest_text(a->doc, "error.message");
	const char *code = rest_text(first, "reason");

	(void)arg;
	if (rest_oauth_explain(a, fault))
		return;
	if (!*code)
		code = rest_text(a->doc, "error.status");
	if (*message)
		fault->message = message;
	fault->code = code;
	/* A server's failure may have had an effect, whatever it calls it. */
	if (a->status < 500)
		fault->cls = gce_class(code, fault->cls);
}

/* ---------------------------------------------------------------- calls */

static int call_at(struct drv *d, const char *method, const char *path,
		   const json_t *body, int64_t deadline, struct rest_answer *ret,
		   struct drv_err *err)
{
	const char *endpoint = d->opt.endpoint ? d->opt.endpoint : d->cred.endpoint;
	CLEANUP(free) char *url = xasprintf("%s/%s", endpoint, path);
	const struct rest_call c = {
		.method = method,
		.url = url,
		.body = body,
		.want_doc = true,
		.deadline_mono_ms = deadline,
	};

	return rest_call(&d->rest, &c, ret, err);
}

int gce_call(struct drv *d, const char *method, const char *path, const json_t *body,
	     int64_t deadline, struct rest_answer *ret, struct drv_err *err)
{
	CLEANUP(free) char *whole = xasprintf("projects/%s%s", d->cred.project, path);

	return call_at(d, method, whole, body, deadline, ret, err);
}

int gce_get(struct drv *d, const char *path, int64_t deadline, struct rest_answer *ret,
	    struct drv_err *err)
{
	return call_at(d, "GET", path, NULL, deadline, ret, err);
}
