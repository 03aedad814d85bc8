/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flavors.c - the types of servers, which are read now and then.
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "net.h"

#include <string.h>

#define KEPT_MS 300000
#define PAGES_MAX 100
#define FLAVORS_MAX 10000

void os_flavors_done(struct os_flavors *f)
{
	json_decref(f->list);
	*f = (struct os_flavors){ .list = NULL };
}

/* One page after the last of list; *ret_more: it had something. */
static int read_page(struct drv *d, json_t *list, struct rest_pages *pages,
		     int64_t deadline, bool *ret_more, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(buf_done) struct buf path;
	const size_t n = json_array_size(list);
	const char *marker = rest_text(json_array_get(list, n - 1), "id");
	const json_t *flavors, *flavor;
	size_t i;
	int rc;

	buf_init(&path, 1024);
	buf_puts(&path, "/flavors/detail?limit=1000");
	if (n > 0) {
		buf_puts(&path, "&marker=");
		http_escape(&path, marker);
	}
	rc = rest_pages_turn(pages, marker, err);
	if (rc == 0)
		rc = os_nova(d, "GET", buf_str(&path), NULL, deadline, &a, err);
	if (rc < 0)
		return rc;
	flavors = rest_at(a.doc, "flavors");
	if (!json_is_array(flavors))
		return drv_fail(err, DRV_TRANSIENT,
				"GET /flavors/detail: the answer has no flavors");
	json_array_foreach(flavors, i, flavor)
		json_array_append(list, (json_t *)(uintptr_t)flavor);
	*ret_more = i > 0;
	if (json_array_size(list) > FLAVORS_MAX)
		return drv_fail(err, DRV_BUG, "the cloud names more than %d flavors",
				FLAVORS_MAX);
	return 0;
}

int os_flavors(struct drv *d, int64_t deadline, const json_t **ret, struct drv_err *err)
{
	CLEANUP(rest_pages_done) struct rest_pages pages = { .max_pages = PAGES_MAX };
	CLEANUP(json_decref) json_t *list = json_array();
	const int64_t now = d->rest.host->mono_ms(d->rest.host->ctx);
	bool more = true;
	int rc = 0;

	if (d->flavors.list && now < d->flavors.until_mono_ms) {
		*ret = d->flavors.list;
		return 0;
	}
	while (rc == 0 && more)
		rc = read_page(d, list, &pages, deadline, &more, err);
	if (rc < 0)
		return rc;
	os_flavors_done(&d->flavors);
	d->flavors.list = TAKE(list);
	d->flavors.until_mono_ms = now + KEPT_MS;
	*ret = d->flavors.list;
	return 0;
}

static const json_t *find(const json_t *list, const char *type)
{
	const json_t *flavor;
	size_t i;

	json_array_foreach(list, i,
			   flavor) if (strcmp(rest_text(flavor, "id"), type) == 0 ||
				       strcmp(rest_text(flavor, "name"), type) ==
					       0) return flavor;
	return NULL;
}

int os_pick_flavor(struct drv *d, const char *const *types, int64_t deadline,
		   const json_t **ret, struct drv_err *err)
{
	const char *const own[] = { d->opt.type, NULL };
	const json_t *list = NULL;
	int rc;

	if (!types || !types[0])
		types = own;
	if (!types[0])
		return drv_fail(err, DRV_BADREQ,
				"the pool names no type: give the flavor's name or id");
	rc = os_flavors(d, deadline, &list, err);
	if (rc < 0)
		return rc;
	*ret = NULL;
	for (const char *const *t = types; *t && !*ret; t++)
		*ret = find(list, *t);
	if (!*ret)
		return drv_fail(err, DRV_BADREQ, "there is no type (flavor) '%s'",
				types[0]);
	return 0;
}
