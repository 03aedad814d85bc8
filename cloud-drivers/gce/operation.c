/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operation.c - what a call has started, until it is done: a launch that the zone has no
 * room for is accepted first, and fails then.
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"

/* A VM of a healthy zone is made in less; one that is not is seen by lists. */
#define WAIT_MS 20000
#define TURNS_MAX 16

bool gce_is_done(const json_t *op)
{
	return strcmp(rest_text(op, "status"), "DONE") == 0;
}

/* An operation that failed has undone what it did. */
static int result_of(const struct drv *d, const json_t *op, struct drv_err *err)
{
	const json_t *first = json_array_get(rest_at(op, "error.errors"), 0);
	const char *code = rest_text(first, "code");
	const long status = (long)rest_int(op, "httpErrorStatusCode", 0);
	enum drv_class cls;

	if (!first && status < 400)
		return 0;
	cls = status >= 400 && status < 500 ? rest_class(status, "GET", false)
					    : DRV_TRANSIENT;
	cls = gce_class(code, cls == DRV_NOTFOUND ? DRV_BADREQ : cls);
	(void)rest_operation_failed(&d->rest, cls, code,
				    first ? rest_text(first, "message")
					  : rest_text(op, "httpErrorMessage"),
				    rest_text(op, "name"), err);
	err->http_status = (int)status;
	return cls;
}

int gce_wait(struct drv *d, const char *zone, const json_t *doc, int64_t deadline,
	     struct drv_err *err)
{
	const struct drv_host *h = d->rest.host;
	const int64_t until = MIN(deadline, h->mono_ms(h->ctx) + WAIT_MS);
	const char *name = rest_text(doc, "name");
	CLEANUP(free)
	char *path = xasprintf("/zones/%s/operations/%s/wait", zone, name);

	if (gce_is_done(doc))
		return result_of(d, doc, err);
	if (!drv_is_word(name))
		return 0;
	for (int i = 0; i < TURNS_MAX && h->mono_ms(h->ctx) < until; i++) {
		CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
		struct drv_err ignored;

		if (gce_call(d, "POST", path, NULL, until, &a, &ignored) < 0)
			return 0;
		if (gce_is_done(a.doc))
			return result_of(d, a.doc, err);
	}
	return 0;
}
