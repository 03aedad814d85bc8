/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.c - every VM with the owner's label, in all zones by one list.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"
#include "instance.h"

struct listing {
	const char *owner;
	drv_vm_fn *each;
	void *arg;
	struct rest_pages ids;
};

/* A zone that does not answer is missing from the list, which says it only here. */
static bool is_partial(const json_t *o)
{
	return strcmp(rest_text(o, "warning.code"), "UNREACHABLE") == 0 ||
	       json_array_size(rest_at(o, "unreachables")) > 0;
}

static void give(struct listing *l, const json_t *instance)
{
	struct drv_vm vm;

	gce_instance_read(instance, &vm);
	if (strcmp(vm.owner, l->owner) == 0 && *vm.id &&
	    rest_pages_is_new(&l->ids, vm.id))
		l->each(l->arg, &vm);
}

static int on_page(void *arg, const json_t *doc, struct drv_err *err)
{
	struct listing *l = arg;
	const json_t *items = json_object_get(doc, "items"), *instance;
	const char *zone;
	json_t *scope;
	size_t i;

	/* A list of nothing may lack its items, but not that it is a list. */
	if (items ? !json_is_object(items) : !strstr(rest_text(doc, "kind"), "List"))
		return drv_fail(err, DRV_TRANSIENT,
				"GET aggregated/instances: the answer is no list");
	json_object_foreach((json_t *)(uintptr_t)items, zone, scope)
	{
		if (is_partial(scope))
			return drv_fail(err, DRV_TRANSIENT,
					"the list lacks %s, which does not answer", zone);
		json_array_foreach(json_object_get(scope, "instances"), i, instance)
		{
			give(l, instance);
		}
	}
	if (is_partial(doc))
		return drv_fail(err, DRV_TRANSIENT,
				"the list lacks zones that do not answer");
	return 0;
}

int gce_list(struct drv *d, const char *owner, int64_t deadline, drv_vm_fn *each,
	     void *arg, struct drv_err *err)
{
	struct listing l = { .owner = owner, .each = each, .arg = arg };
	CLEANUP(free)
	char *path = xasprintf("/aggregated/instances?maxResults=500&filter="
			       "labels." LABEL_OWNER "%%3D%s",
			       owner);
	int rc;

	if (!drv_is_word(owner))
		return drv_fail(err, DRV_BADREQ, "'%s' is not an owner", owner);
	rc = gce_each_page(d, path, deadline, on_page, &l, err);
	rest_pages_done(&l.ids);
	return rc;
}
