/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.c - calls to the cloud's services, and what their errors mean.
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"

#include <string.h>

/* ---------------------------------------------------------------- failures */

static bool says(const char *message, const char *words)
{
	return strcasestr(message, words) != NULL;
}

/*
 * {"forbidden": {"code": 403, "message": "..."}} of Nova, {"error": {...}} of Keystone,
 * {"NeutronError": {"type": ..., "message": ...}} of Neutron; of Glance there is a text.
 */
static void read_fault(const json_t *doc, struct rest_fault *fault)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)doc, key, value)
	{
		const char *type = rest_text(value, "type");

		if (!*rest_text(value, "message"))
			continue;
		fault->code = *type ? type : key;
		fault->message = rest_text(value, "message");
		return;
	}
}

void os_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault)
{
	(void)arg;
	if (a->doc)
		read_fault(a->doc, fault);
	/* "Quota exceeded for cores", "Maximum number of ports exceeded", ... */
	if (a->status == 403 &&
	    (says(fault->message, "quota") || says(fault->message, "exceeded")))
		fault->cls = DRV_QUOTA;
	else if (a->status == 413 && strcmp(fault->code, "overLimit") == 0)
		fault->cls = DRV_THROTTLED;
	else if (says(fault->message, "no valid host"))
		fault->cls = DRV_CAPACITY;
	/* "Multiple possible networks found" is a 409 of Nova's, not a race. */
	else if (a->status == 409 && says(fault->message, "multiple possible networks"))
		fault->cls = DRV_BADREQ;
}

/* ---------------------------------------------------------------- calls */

int os_ready(struct drv *d, int64_t deadline, struct drv_err *err)
{
	const struct drv_host *h = d->rest.host;

	if (d->compute && rest_token_get(&d->rest.token, h->mono_ms(h->ctx)))
		return 0;
	return os_log_in(d, deadline, err);
}

int os_get(struct drv *d, const char *base, const char *version, const char *path,
	   int64_t deadline, struct rest_answer *ret, struct drv_err *err)
{
	CLEANUP(free)
	char *url =
		xasprintf("%s%s%s", base, os_ends_in(base, version) ? "" : version, path);
	const struct rest_call c = {
		.method = "GET",
		.url = url,
		.want_doc = true,
		.deadline_mono_ms = deadline,
	};

	return rest_call(&d->rest, &c, ret, err);
}
