/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.c - what options give by name or id. A launch wants numbers of some, which are
 * looked up now and then: calls are limited, and each launch would need some more.
 */
#include "cloud.h"

#include "check.h"
#include "driver_util.h"
#include "net.h"

#include <string.h>

#define KEPT_MS 300000

static bool is_number(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

int hz_find(struct drv *d, const char *kind, const char *name, const char *more,
	    int64_t deadline, json_t **ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	CLEANUP(free) char *one = xstrndup(kind, strlen(kind) - 1);
	const bool by_id = is_number(name);
	CLEANUP(buf_done) struct buf path;
	const json_t *found;
	int rc;

	buf_init(&path, 4096);
	buf_printf(&path, by_id ? "/%s/%s" : "/%s?name=", kind, name);
	if (!by_id) {
		http_escape(&path, name);
		buf_puts(&path, more);
	}
	if (buf_is_full(&path))
		return drv_fail(err, DRV_BADREQ, "the name of one of the %s is too long",
				kind);
	rc = hz_call(d, "GET", buf_str(&path), NULL, deadline, &a, err);
	if (rc < 0 && rc != DRV_NOTFOUND)
		return rc;
	found = by_id ? rest_at(a.doc, one) : json_array_get(rest_at(a.doc, kind), 0);
	if (!found)
		return drv_fail(err, DRV_BADREQ, "the project has no '%s' among its %s",
				name, kind);
	*ret = json_incref((json_t *)(uintptr_t)found);
	return 0;
}

/* The option's numbers, of which those read long ago are forgotten. */
static json_t *kept(struct drv *d)
{
	const int64_t now = d->rest.host->mono_ms(d->rest.host->ctx);

	if (!d->ids)
		d->ids = json_object();
	if (now >= d->ids_until_mono_ms) {
		json_object_clear(d->ids);
		d->ids_until_mono_ms = now + KEPT_MS;
	}
	return d->ids;
}

int hz_id(struct drv *d, const char *kind, const char *name, int64_t deadline,
	  int64_t *ret, struct drv_err *err)
{
	CLEANUP(free) char *key = xasprintf("%s/%s", kind, name);
	CLEANUP(json_decref) json_t *found = NULL;
	json_t *ids = kept(d);
	int rc;

	*ret = json_integer_value(json_object_get(ids, key));
	if (*ret)
		return 0;
	rc = hz_find(d, kind, name, "", deadline, &found, err);
	if (rc < 0)
		return rc;
	*ret = rest_int(found, "id", 0);
	json_object_set_new(ids, key, json_integer(*ret));
	return 0;
}
