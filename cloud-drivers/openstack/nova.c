/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls to Nova, in the version that was agreed on with it. */
#include "cloud.h"

#include "check.h"

#include <string.h>

int os_nova(struct drv *d, const char *method, const char *path, const json_t *body,
	    int64_t deadline, struct rest_answer *ret, struct drv_err *err)
{
	char version[sizeof(d->microversion)];
	const char *const headers[] = { version, NULL };
	struct rest_call c = {
		.method = method,
		.headers = headers,
		.body = body,
		.want_doc = strcmp(method, "DELETE") != 0,
		.deadline_mono_ms = deadline,
	};
	CLEANUP(free) char *url = NULL;
	int rc = os_ready(d, deadline, err);

	if (rc == 0 && !*d->microversion)
		rc = os_agree_version(d, deadline, err);
	if (rc < 0)
		return rc;
	/* A login within the call may change the driver's own. */
	memcpy(version, d->microversion, sizeof(version));
	c.url = url = xasprintf("%s%s", d->compute, path);
	return rest_call(&d->rest, &c, ret, err);
}
