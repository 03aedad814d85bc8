/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists, page after page until one that names no next. */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "net.h"

#define PAGES_MAX 1000
#define PATH_MAX_BYTES 8192

static int get_page(struct drv *d, const char *path, const char *token, int64_t deadline,
		    struct rest_answer *ret, struct drv_err *err)
{
	CLEANUP(buf_done) struct buf whole;
	int rc;

	buf_init(&whole, PATH_MAX_BYTES);
	buf_puts(&whole, path);
	if (*token) {
		buf_puts(&whole, "&pageToken=");
		http_escape(&whole, token);
	}
	if (buf_is_full(&whole))
		return drv_fail(err, DRV_BUG,
				"GET %s: the cloud's page token is too long", path);
	rc = gce_call(d, "GET", buf_str(&whole), NULL, deadline, ret, err);
	/* The list has changed, or took too long: it is read another time. */
	return rc == DRV_BADREQ && *token ? (err->cls = DRV_TRANSIENT) : rc;
}

int gce_each_page(struct drv *d, const char *path, int64_t deadline, gce_page_fn *page,
		  void *arg, struct drv_err *err)
{
	CLEANUP(rest_pages_done) struct rest_pages pages = { .max_pages = PAGES_MAX };
	CLEANUP(free) char *token = xstrdup("");
	int rc;

	do {
		CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };

		rc = get_page(d, path, token, deadline, &a, err);
		if (rc == 0)
			rc = page(arg, a.doc, err);
		free(token);
		token = xstrdup(rc == 0 ? rest_text(a.doc, "nextPageToken") : "");
		if (*token)
			rc = rest_pages_turn(&pages, token, err);
	} while (rc == 0 && *token);
	return rc;
}
