/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a VM's serial console shows: the cloud names where it keeps that, for a while. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "machine.h"

#define CONSOLE_BYTES 65536

static int no_console(const char *vm_id, struct drv_err *err)
{
	return drv_fail(err, DRV_NOTFOUND, "VM %s has no console yet", vm_id);
}

/* The address is its own key: it is asked without the token. */
static int fetch(struct drv *d, const char *url, int64_t deadline,
		 struct rest_answer *ret, struct drv_err *err)
{
	const struct rest_call c = {
		.method = "GET",
		.url = url,
		.is_open = true,
		.deadline_mono_ms = deadline,
	};

	return rest_call(&d->rest, &c, ret, err);
}

int azure_console(struct drv *d, const char *vm_id, int64_t deadline, drv_text_fn *text,
		  void *arg, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer named = { .status = 0 };
	CLEANUP(rest_answer_done) struct rest_answer kept = { .status = 0 };
	CLEANUP(free) char *path = NULL;
	const char *url;
	size_t from;
	int rc;

	if (!azure_is_id(vm_id))
		return drv_fail(err, DRV_BADREQ, "'%s' is not the name of a VM", vm_id);
	path = azure_vm_path(d, vm_id, "/retrieveBootDiagnosticsData?");
	rc = azure_call(d, "POST", path, NULL, deadline, &named, err);
	if (rc < 0)
		return rc;
	url = rest_text(named.doc, "serialConsoleLogBlobUri");
	if (!azure_link_path(url))
		return no_console(vm_id, err);
	rc = fetch(d, url, deadline, &kept, err);
	if (rc < 0 && err->http_status == 404)
		return no_console(vm_id, err);
	if (rc < 0)
		return rc;
	from = kept.http.body_len - MIN(kept.http.body_len, CONSOLE_BYTES);
	text(arg, kept.http.body + from, kept.http.body_len - from);
	return 0;
}
