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
	const struct pool_caller *caller;
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

/* Whether it may be asked for more; that it may not is a finding. */
static bool may_ask(const struct answers *a, const char *what)
{
	CLEANUP(free) char *words = NULL;
	struct err e;

	if (pool_caller_enter(a->caller, a->deadline_mono_ms, &e) == 0)
		return true;
	words = xasprintf("%s: %s", what, e.msg);
	add_finding(a->doc, false, words);
	return false;
}

static void answered(const struct answers *a, const char *what, int cls,
		     const struct drv_err *e)
{
	CLEANUP(free) char *words = NULL;

	pool_caller_leave(a->caller, cls, e);
	if (cls == 0)
		return;
	words = xasprintf("%s: %s", what, e->msg);
	add_finding(a->doc, false, words);
}

/* That they cannot be told does not mean that nothing can be launched. */
static void ask_types(const struct answers *a)
{
	static const char what[] = "the types cannot be listed";
	const struct drv_ops *ops = a->driver->ops;
	CLEANUP(json_decref) json_t *types = json_array();
	struct drv_err e;
	int cls;

	if (!ops->types || !may_ask(a, what))
		return;
	cls = ops->types(a->driver->drv, a->deadline_mono_ms, take_type, types, &e);
	if (cls == 0)
		json_object_set(a->doc, "types", types);
	answered(a, what, cls, &e);
}

static void ask_quota(const struct answers *a)
{
	static const char what[] = "the quota cannot be read";
	const struct drv_ops *ops = a->driver->ops;
	struct drv_quota q;
	struct drv_err e;
	int cls;

	if (!ops->quota || !may_ask(a, what))
		return;
	cls = ops->quota(a->driver->drv, a->deadline_mono_ms, &q, &e);
	if (cls == 0)
		json_object_set_new(a->doc, "quota", pool_quota_json(&q));
	answered(a, what, cls, &e);
}

static int ask(const struct answers *a, struct err *err)
{
	struct drv_err e;
	int cls, rc = pool_caller_enter(a->caller, a->deadline_mono_ms, err);

	if (rc < 0)
		return rc;
	cls = a->driver->ops->validate(a->driver->drv, a->deadline_mono_ms, take_finding,
				       (void *)(uintptr_t)a, &e);
	pool_caller_leave(a->caller, cls, &e);
	if (cls < 0)
		json_object_set_new(a->doc, "error", wire_err(&e));
	else
		json_object_set_new(a->doc, "ok", json_true());
	/* Without a login nothing else is answered either. */
	if (cls == DRV_AUTH)
		return 0;
	ask_types(a);
	ask_quota(a);
	return 0;
}

static int open_and_ask(const struct pool_opts *o, struct pools *callers,
			const char *profile, const char *driver, json_t *doc,
			struct err *err)
{
	CLEANUP(db_pool_done) struct db_pool pool = { .name = NULL };
	CLEANUP(pool_caller_done) struct pool_caller c = { NULL };
	int rc = catalog_pool(o, profile, driver, &pool, err);

	if (rc == 0 && *pool.name)
		json_object_set_new(doc, "pool", json_text(pool.name));
	if (rc == 0)
		rc = pools_open_caller(callers, &pool, &c, err);
	if (rc < 0)
		return rc;
	return ask(&(struct answers){ .caller = &c,
				      .driver = c.driver,
				      .deadline_mono_ms = clock_mono_ms() + CHECK_MS,
				      .doc = doc },
		   err);
}

json_t *check_profile(const struct pool_opts *o, struct pools *callers,
		      const char *profile, const char *driver)
{
	const int64_t begun = clock_mono_ms();
	json_t *doc = json_pack("{s:b, s:n, s:[], s:n, s:n, s:n}", "ok", 0, "pool",
				"findings", "error", "quota", "types");
	struct err e;
	int rc = open_and_ask(o, callers, profile, driver, doc, &e);

	if (rc < 0) {
		const char *cls = rc == ERR_UNAVAIL ? "transient" : "badreq";

		json_object_set_new(doc, "error",
				    json_pack("{s:s, s:o}", "class", cls, "message",
					      json_text(e.msg)));
		add_finding(doc, true, e.msg);
	}
	json_object_set_new(doc, "took_ms", json_integer(clock_mono_ms() - begun));
	return doc;
}
