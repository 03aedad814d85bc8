/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operation.c - what a call has started, until it is done: a launch that the region has
 * no room for is accepted first, and fails then.
 *
 * Source:
 * https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
 */
#include "cloud.h"

#include "check.h"

#include <poll.h>
#include <string.h>

/* What fails for want of room fails in less; of what does not, lists show what it is. */
#define WAIT_MS 20000
#define PAUSE_MS 2000
#define TURNS_MAX 16

static bool is_over(const json_t *op)
{
	const char *status = rest_text(op, "status");

	return strcasecmp(status, "Succeeded") == 0 ||
	       strcasecmp(status, "Failed") == 0 || strcasecmp(status, "Canceled") == 0;
}

/* The code that is known is that of the whole, or of its first detail. */
static int result_of(const struct drv *d, const json_t *op, struct drv_err *err)
{
	const json_t *whole = rest_at(op, "error");
	const json_t *detail = json_array_get(rest_at(whole, "details"), 0);
	const char *message = rest_text(whole, "message");
	enum drv_class cls;

	if (strcasecmp(rest_text(op, "status"), "Succeeded") == 0)
		return 0;
	cls = azure_class(rest_text(whole, "code"), message, DRV_TRANSIENT);
	if (cls == DRV_TRANSIENT && detail) {
		whole = detail;
		message = rest_text(detail, "message");
		cls = azure_class(rest_text(detail, "code"), message, DRV_TRANSIENT);
	}
	/* What was not found is not the VM that was to be made. */
	return rest_operation_failed(&d->rest, cls == DRV_NOTFOUND ? DRV_BADREQ : cls,
				     rest_text(whole, "code"), message,
				     rest_text(op, "name"), err);
}

static bool pause_for(const struct drv_host *h, const struct rest_answer *a,
		      int64_t until)
{
	const int64_t asked_ms = rest_retry_after_ms(&a->http, h->wall_ms(h->ctx));
	const int64_t ms = asked_ms >= 0 ? asked_ms : PAUSE_MS;

	if (ms >= until - h->mono_ms(h->ctx))
		return false;
	(void)poll(NULL, 0, (int)ms);
	return true;
}

int azure_wait(struct drv *d, const struct rest_answer *a, int64_t deadline,
	       struct drv_err *err)
{
	const struct drv_host *h = d->rest.host;
	const int64_t until = MIN(deadline, h->mono_ms(h->ctx) + WAIT_MS);
	char link[LINK_MAX_BYTES];
	const char *path = NULL;
	bool is_going;

	if (rest_header(&a->http, "Azure-AsyncOperation", link, sizeof(link)))
		path = azure_link_path(link);
	is_going = path && pause_for(h, a, until);
	for (int i = 0; is_going && i < TURNS_MAX; i++) {
		CLEANUP(rest_answer_done) struct rest_answer shown = { .status = 0 };
		struct drv_err ignored;

		if (azure_call(d, "GET", path, NULL, until, &shown, &ignored) < 0)
			return 0;
		if (is_over(shown.doc))
			return result_of(d, shown.doc, err);
		is_going = pause_for(h, &shown, until);
	}
	return 0;
}
