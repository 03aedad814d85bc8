/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * call.c - calls to the API, and what its errors mean.
 *
 * Source: https://docs.digitalocean.com/reference/api/
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "net.h"

#include <stdlib.h>
#include <string.h>

#define RESET_MAX_MS INT64_C(3600000)

static bool says(const char *message, const char *words)
{
	return strcasestr(message, words) != NULL;
}

/*
 * The limit of an hour is of the last hour: the next call may be made when the oldest in
 * it is that old. Only the limit of a minute comes with Retry-After.
 */
static int64_t reset_ms(const struct rest_answer *a)
{
	char text[24], *end;
	int64_t ms;

	if (!rest_header(&a->http, "ratelimit-reset", text, sizeof(text)))
		return -1;
	ms = strtoll(text, &end, 10);
	if (!*text || *end || ms < 0 || ms > INT64_MAX / 1000)
		return -1;
	return MAX(0, MIN(ms * 1000 - a->host->wall_ms(a->host->ctx), RESET_MAX_MS));
}

void do_explain(void *arg, const struct rest_answer *a, struct rest_fault *fault)
{
	const char *message = rest_text(a->doc, "message");

	(void)arg;
	if (*message) {
		fault->code = rest_text(a->doc, "id");
		fault->message = message;
	}
	if (a->status == 429 && fault->retry_after_ms < 0)
		fault->retry_after_ms = reset_ms(a);
	/* What is wrong, what is too much and what there is not now are one status. */
	if (a->status == 422 && says(message, "limit"))
		fault->cls = DRV_QUOTA;
	else if (a->status == 422 &&
		 (says(message, "not available") || says(message, "unavailable")))
		fault->cls = DRV_CAPACITY;
}

int do_call(struct drv *d, const char *method, const char *path, const json_t *body,
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

int do_get(struct drv *d, const char *path, const char *name, int64_t deadline,
	   struct rest_answer *ret, struct drv_err *err)
{
	CLEANUP(buf_done) struct buf all;

	buf_init(&all, 4096);
	buf_puts(&all, path);
	http_escape(&all, name);
	if (buf_is_full(&all))
		return drv_fail(err, DRV_BADREQ, "a name is too long to be asked for");
	return do_call(d, "GET", buf_str(&all), NULL, deadline, ret, err);
}

/*
 * Of "https://.../v2/droplets?page=2&per_page=200"; nothing else of it is followed. One
 * that cannot be read is none that there could be, lest the rest of the list be missed.
 */
static int64_t next_of(const json_t *doc)
{
	const char *url = rest_text(doc, "links.pages.next");
	const char *at = strpbrk(url, "?&");
	int64_t page;

	if (!*url)
		return 0;
	while (at && strncmp(at + 1, "page=", 5) != 0)
		at = strpbrk(at + 1, "&");
	page = at ? strtoll(at + 6, NULL, 10) : 0;
	return page > 0 ? page : -1;
}

int do_each(struct drv *d, const char *path, const char *items, const char *id,
	    int64_t deadline, rest_item_fn *each, void *arg, struct drv_err *err)
{
	CLEANUP(free)
	char *url = xasprintf("%s%s&per_page=200", d->bearer.endpoint, path);
	const struct rest_numbered n = {
		.rest = &d->rest,
		.url = url,
		.items = items,
		.id = id,
		.total = "meta.total",
		.next = next_of,
		.each = each,
		.arg = arg,
		.deadline_mono_ms = deadline,
	};

	return rest_each_numbered(&n, err);
}
