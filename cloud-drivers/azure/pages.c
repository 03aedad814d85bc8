/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists, page after page until one that links to no next. */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"

#define PAGES_MAX 1000

static int read_page(const json_t *doc, azure_item_fn *item, void *arg,
		     struct drv_err *err)
{
	const json_t *items = json_object_get(doc, "value"), *one;
	size_t i;

	if (!json_is_array(items))
		return drv_fail(err, DRV_TRANSIENT, "the cloud's answer is no list");
	json_array_foreach(items, i, one)
	{
		int rc = item(arg, one, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* *ret: the path of the page after doc, the caller's; NULL: it is the last. */
static int next_path(const json_t *doc, struct rest_pages *pages, char **ret,
		     struct drv_err *err)
{
	const json_t *link = json_object_get(doc, "nextLink");
	const char *path = azure_link_path(rest_text(link, ""));

	*ret = NULL;
	if (!link || json_is_null(link) ||
	    (json_is_string(link) && json_string_length(link) == 0))
		return 0;
	if (!path || strlen(path) > LINK_MAX_BYTES)
		return drv_fail(err, DRV_BUG, "the list's next page is no address");
	*ret = xstrdup(path);
	return rest_pages_turn(pages, path, err);
}

int azure_each(struct drv *d, const char *path, int64_t deadline, azure_item_fn *item,
	       void *arg, struct drv_err *err)
{
	CLEANUP(rest_pages_done) struct rest_pages pages = { .max_pages = PAGES_MAX };
	CLEANUP(free) char *at = xstrdup(path);
	int rc = 0;

	while (rc == 0 && at) {
		CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
		char *next = NULL;

		rc = azure_call(d, "GET", at, NULL, deadline, &a, err);
		/* The list has changed, or took too long: it is read another time. */
		if (rc == DRV_BADREQ && pages.n > 0)
			rc = err->cls = DRV_TRANSIENT;
		if (rc == 0)
			rc = read_page(a.doc, item, arg, err);
		if (rc == 0)
			rc = next_path(a.doc, &pages, &next, err);
		free(at);
		at = next;
	}
	return rc;
}
