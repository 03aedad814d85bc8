/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Types of VMs, and launches. */
#include "operations.h"

#include "call.h"
#include "check.h"
#include "driver_util.h"

static const struct drv_type types[] = {
	{ "small", 1, 1LL << 30, 0.01, 0.004, "EUR" },
	{ "medium", 2, 4LL << 30, 0.04, 0.016, "EUR" },
	{ "large", 8, 16LL << 30, 0.16, 0.064, "EUR" },
};

int fake_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
	       struct drv_err *err)
{
	CLEANUP(call_end) struct call c = { .cloud.lock_fd = -1 };
	int rc = call_begin(d, "types", NULL, deadline, &c, err);

	if (rc == 0)
		rc = call_answer(d, &c, deadline, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(types); i++)
		each(arg, &types[i]);
	return rc;
}

static const char *pick_type(const struct drv_launch *l)
{
	if (!l->types || !l->types[0])
		return types[0].name;
	for (const char *const *t = l->types; *t; t++)
		for (size_t i = 0; i < ARRAY_SIZE(types); i++)
			if (strcmp(types[i].name, *t) == 0)
				return types[i].name;
	return NULL;
}

static int check_launch(const struct drv_launch *l, struct drv_err *err)
{
	if (!pick_type(l))
		return drv_fail(err, DRV_BADREQ, "there is no type '%s'", l->types[0]);
	if (l->n_labels > LABELS_MAX)
		return drv_fail(err, DRV_BADREQ, "%zu labels are more than %d",
				l->n_labels, LABELS_MAX);
	return drv_check_launch(l, USER_DATA_MAX, err);
}

static int check_room(const struct call *c, struct drv_err *err)
{
	int64_t n = cloud_standing(&c->cloud);
	struct fault full = { .kind = FAULT_NONE, .retry_after_ms = -1 };

	if (c->script.quota >= 0 && n >= c->script.quota)
		full.kind = FAULT_QUOTA;
	else if (c->script.capacity >= 0 && n >= c->script.capacity)
		full.kind = FAULT_CAPACITY;
	return fault_fail(&full, err);
}

/* The VM of an earlier call with the same key, if this cloud has keys. */
static int find_earlier(const struct drv *d, const struct call *c,
			const struct drv_launch *l, json_t **ret, struct drv_err *err)
{
	json_t *named;

	*ret = NULL;
	if (d->opt.idempotent) {
		*ret = cloud_find(&c->cloud, "launch_id", l->launch_id);
		return 0;
	}
	named = d->opt.unique_name ? cloud_find(&c->cloud, "name", l->name) : NULL;
	if (!named || cloud_is_gone(named))
		return 0;
	if (strcmp(json_string_value(json_object_get(named, "launch_id")),
		   l->launch_id) != 0)
		return drv_fail(err, DRV_CONFLICT, "there is another VM named %s",
				l->name);
	*ret = named;
	return 0;
}

static int64_t boot_of(const struct drv *d, const struct call *c)
{
	if (c->fault.kind == FAULT_NEVER)
		return -1;
	if (c->fault.kind == FAULT_SLOW)
		return c->fault.boot_ms;
	return json_object_get(c->script.doc, "boot") ? c->script.boot_ms
						      : d->opt.boot_ms;
}

int fake_launch(struct drv *d, const struct drv_launch *l, int64_t deadline,
		struct drv_vm *ret, struct drv_err *err)
{
	CLEANUP(call_end) struct call c = { .cloud.lock_fd = -1 };
	struct drv_launch placed = *l;
	json_t *vm = NULL;
	int rc = check_launch(l, err);

	if (rc == 0)
		rc = call_begin(d, "launch", l, deadline, &c, err);
	if (rc == 0)
		rc = find_earlier(d, &c, l, &vm, err);
	if (rc == 0 && !vm)
		rc = check_room(&c, err);
	if (rc < 0)
		return rc;
	placed.zone = l->zone ? l->zone : d->opt.zone;
	if (!vm)
		vm = cloud_add(&c.cloud, &placed, pick_type(l), c.now_ms, boot_of(d, &c),
			       c.fault.kind == FAULT_FAIL);
	cloud_fill_vm(ret, vm, c.now_ms);
	return call_answer(d, &c, deadline, err);
}
