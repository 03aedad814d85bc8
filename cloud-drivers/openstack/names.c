/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.c - what options give by id or name, as the ids that Nova takes.
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "net.h"

#include <ctype.h>
#include <string.h>

/* As in "f47ac10b-58cc-4372-a567-0e02b2c3d479". */
static bool is_uuid(const char *text)
{
	for (size_t i = 0; i < 36; i++) {
		const bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return text[36] == '\0';
}

/* The one in the array of that name. */
static int only_id(const json_t *list, const char *kind, const char *name, char **ret,
		   struct drv_err *err)
{
	const char *id = rest_text(json_array_get(list, 0), "id");

	if (json_array_size(list) > 1)
		return drv_fail(err, DRV_BADREQ,
				"there are %zu %ss of the name '%s': give the id of one",
				json_array_size(list), kind, name);
	if (!*id)
		return drv_fail(err, DRV_BADREQ,
				"there is no %s '%s' that this project may use", kind,
				name);
	*ret = xstrdup(id);
	return 0;
}

static int look_up(struct drv *d, const char *base, const char *version, const char *kind,
		   const char *name, int64_t deadline, char **ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(buf_done) struct buf path;
	CLEANUP(free) char *list = xasprintf("%ss", kind);
	int rc;

	buf_init(&path, 4096);
	buf_printf(&path, "/%s?name=", list);
	http_escape(&path, name);
	if (buf_is_full(&path))
		return drv_fail(err, DRV_BADREQ, "the name of the %s is too long", kind);
	rc = os_get(d, base, version, buf_str(&path), deadline, &a, err);
	return rc < 0 ? rc : only_id(rest_at(a.doc, list), kind, name, ret, err);
}

static int find_id(struct drv *d, char *const *base, const char *version,
		   const char *kind, const char *name, int64_t deadline, char **ret,
		   struct drv_err *err)
{
	int rc;

	if (is_uuid(name)) {
		*ret = xstrdup(name);
		return 0;
	}
	rc = os_ready(d, deadline, err);
	if (rc < 0)
		return rc;
	if (!*base)
		return drv_fail(err, DRV_BADREQ,
				"the cloud's catalog has no %s service: give the id of "
				"the %s, not its name",
				kind, kind);
	return look_up(d, *base, version, kind, name, deadline, ret, err);
}

int os_image_id(struct drv *d, const char *image, int64_t deadline, char **ret,
		struct drv_err *err)
{
	return find_id(d, &d->image, "/v2", "image", image, deadline, ret, err);
}

int os_network_id(struct drv *d, const char *network, int64_t deadline, char **ret,
		  struct drv_err *err)
{
	return find_id(d, &d->network, "/v2.0", "network", network, deadline, ret, err);
}
