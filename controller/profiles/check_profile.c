/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check_profile.h"

#include "catalog.h"
#include "check.h"
#include "clock.h"
#include "text.h"
#include "wire.h"

#define CHECK_MS 60000 /* of all that is asked of the cloud, after its driver is open */
#define FINDINGS_MAX 200u
#define TYPES_MAX 2000u

struct answers {
	struct driver *driver;
	int64_t deadline_mono_ms;
	json_t *doc;
};

static void add_finding(json_t *doc, bool fatal, const char *words)
{
	json_t *findings = json_object_get(doc, "findings");

	if (json_array_size(findings) < FINDINGS_MAX)
		json_array_append_new(findings,
				      json_pack("{s:b, s:o}", "fatal", (int)fatal,
						"message", json_text(words)));
}

static void take_finding(void *arg, bool fatal, const char *sentence)
{
	const struct answers *a = arg;

	add_finding(a->doc, fatal, sentence);
}

static void take_type(void *arg, const struct drv_type *type)
{
	json_t *types = arg;

	if (json_array_size(types) < TYPES_MAX)
		json_array_append_new(types, wire_type(type));
}

/* That they cannot be told does not mean that nothing can be launched. */
static void ask_types(const struct answers *a)
{
	const struct drv_ops *ops = a->driver->ops;
	CLEANUP(json_decref) json_t *types = json_array();
	CLEANUP(free) char *words = NULL;
	struct drv_err e;

	if (!ops->types)
		return;
	if (ops->types(a->driver->drv, a->deadline_mono_ms, take_type, types, &e) == 0) {
		json_object_set(a->doc, "types", types);
		return;
	}
	words = xasprintf("the types cannot be listed: %s", e.msg);
	add_finding(a->doc, false, words);
}

static void ask_quota(const struct answers *a)
{
	const struct drv_ops *ops = a->driver->ops;
	CLEANUP(free) char *words = NULL;
	struct drv_quota q;
	struct drv_err e;

	if (!ops->quota)
		return;
	if (ops->quota(a->driver->drv, a->deadline_mono_ms, &q, &e) == 0) {
		json_object_set_new(a->doc, "quota", pool_quota_json(&q));
		return;
	}
	words = xasprintf("the quota cannot be read: %s", e.msg);
	add_finding(a->doc, false, words);
}

static void ask(const struct answers *a)
{
	struct drv_err e;

	if (a->driver->ops->validate(a->driver->drv, a->deadline_mono_ms, take_finding,
				     (void *)(uintptr_t)a, &e) < 0) {
		json_object_set_new(a->doc, "error", wire_err(&e));
		/* Without a login nothing else is answered either. */
		if (e.cls == DRV_AUTH)
			return;
	} else {
		json_object_set_new(a->doc, "ok", json_true());
	}
	ask_types(a);
	ask_quota(a);
}

static int open_and_ask(const struct pool_opts *o, const char *profile,
			const char *driver, json_t *doc, struct err *err)
{
	CLEANUP(db_pool_done) struct db_pool pool = { .name = NULL };
	CLEANUP(driver_close) struct driver *d = NULL;
	int rc = catalog_pool(o, profile, driver, &pool, err);

	if (rc == 0 && *pool.name)
		json_object_set_new(doc, "pool", json_text(pool.name));
	if (rc == 0)
		rc = pool_driver_open(o, &pool, &d, err);
	if (rc == 0)
		ask(&(struct answers){ .driver = d,
				       .deadline_mono_ms = clock_mono_ms() + CHECK_MS,
				       .doc = doc });
	return rc;
}

json_t *check_profile(const struct pool_opts *o, const char *profile, const char *driver)
{
	const int64_t begun = clock_mono_ms();
	json_t *doc = json_pack("{s:b, s:n, s:[], s:n, s:n, s:n}", "ok", 0, "pool",
				"findings", "error", "quota", "types");
	struct err e;

	if (open_and_ask(o, profile, driver, doc, &e) < 0) {
		json_object_set_new(doc, "error",
				    json_pack("{s:s, s:o}", "class", "badreq", "message",
					      json_text(e.msg)));
		add_finding(doc, true, e.msg);
	}
	json_object_set_new(doc, "took_ms", json_integer(clock_mono_ms() - begun));
	return doc;
}
