/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.c - calls to the API, and what its errors mean.
 *
 * Source: https://docs.hetzner.cloud/#errors
 */
#include "cloud.h"

#include "check.h"

#include <string.h>

/*
 * RateLimit-Reset is not when the next call may be made: that is a second later, as the
 * limit refills by one then.
 */
static const struct {
	const char *code;
	enum drv_class cls;
} classes[] = {
	{ "rate_limit_exceeded", DRV_THROTTLED },
	{ "resource_limit_exceeded", DRV_QUOTA },
	{ "resource_unavailable", DRV_CAPACITY },
	{ "placement_error", DRV_CAPACITY },
	{ "unauthorized", DRV_AUTH },
	{ "forbidden", DRV_AUTH },
	{ "token_readonly", DRV_AUTH },
	{ "protected", DRV_BADREQ },
	{ "maintenance", DRV_TRANSIENT },
	{ "conflict", DRV_CONFLICT },
	{ "locked", DRV_CONFLICT },
	{ "uniqueness_error", DRV_CONFLICT },
};

void hz_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault)
{
	const char *code = rest_text(a->doc, "error.code");

	(void)arg;
	if (!*code)
		return;
	fault->code = code;
	fault->message = rest_text(a->doc, "error.message");
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (strcmp(classes[i].code, code) == 0)
			fault->cls = classes[i].cls;
}

int hz_call(struct drv *d, const char *method, const char *path, const json_t *body,
	    int64_t deadline, struct rest_answer *ret, struct drv_err *err)
{
	CLEANUP(free) char *url = xasprintf("%s%s", d->bearer.endpoint, path);
	const struct rest_call c = {
		.method = method,
		.url = url,
		.body = body,
		.want_doc = strcmp(method, "DELETE") != 0,
		.deadline_mono_ms = deadline,
	};

	return rest_call(&d->rest, &c, ret, err);
}

/* What is neither null nor a number could be more: -1 is refused. */
static int64_t next_of(const json_t *doc)
{
	const char *path = "meta.pagination.next_page";
	const json_t *next = rest_at(doc, path);

	return !next || json_is_null(next) ? 0 : rest_int(doc, path, -1);
}

int hz_each(struct drv *d, const char *path, const char *items, int64_t deadline,
	    rest_item_fn *each, void *arg, struct drv_err *err)
{
	CLEANUP(free)
	char *url = xasprintf("%s%s&per_page=50", d->bearer.endpoint, path);
	const struct rest_numbered n = {
		.rest = &d->rest,
		.url = url,
		.items = items,
		.id = "id",
		.total = "meta.pagination.total_entries",
		.next = next_of,
		.each = each,
		.arg = arg,
		.deadline_mono_ms = deadline,
	};

	return rest_each_numbered(&n, err);
}
