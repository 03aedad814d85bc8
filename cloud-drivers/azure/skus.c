/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sizes of the region. What they cost the API does not say. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

#include <math.h>

#define VERSION "2021-07-01" /* of this list */

static double capability(const json_t *sku, const char *name)
{
	const json_t *c;
	size_t i;

	json_array_foreach(json_object_get(sku, "capabilities"), i, c)
	{
		if (strcmp(rest_text(c, "name"), name) == 0)
			return rest_num(c, "value", 0);
	}
	return 0;
}

static bool has_text(const json_t *list, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (text && strcmp(rest_text(one, ""), text) == 0)
			return true;
	}
	return false;
}

/* Not offered to this subscription, or not in the pool's zone. */
static bool is_withheld(const struct drv *d, const json_t *sku)
{
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(sku, "restrictions"), i, r)
	{
		if (strcmp(rest_text(r, "type"), "Location") == 0 ||
		    has_text(rest_at(r, "restrictionInfo.zones"), d->opt.zone))
			return true;
	}
	return false;
}

static int each_size(struct drv *d, int64_t deadline, azure_item_fn *item, void *arg,
		     struct drv_err *err)
{
	CLEANUP(free) char *query = NULL;
	CLEANUP(free) char *path = NULL;

	if (!d->opt.location)
		return drv_fail(err, DRV_BADREQ,
				"no region is named: give the option 'location'");
	query = xasprintf("skus?api-version=" VERSION
			  "&$filter=location%%20eq%%20%%27%s%%27",
			  d->opt.location);
	path = azure_subscription_path(d, query);
	return azure_each(d, path, deadline, item, arg, err);
}

static bool is_size(const json_t *sku)
{
	return strcmp(rest_text(sku, "resourceType"), "virtualMachines") == 0;
}

/* ---------------------------------------------------------------- all of them */

struct types {
	const struct drv *d;
	drv_type_fn *each;
	void *arg;
};

static int give(void *arg, const json_t *sku, struct drv_err *err)
{
	const struct types *t = arg;
	const struct drv_type type = {
		.name = rest_text(sku, "name"),
		.cpu = capability(sku, "vCPUs"),
		.memory_bytes = (int64_t)(capability(sku, "MemoryGB") * (1 << 30)),
		.price_hour = NAN,
		.spot_price_hour = NAN,
		.currency = "",
	};

	(void)err;
	if (is_size(sku) && !is_withheld(t->d, sku))
		t->each(t->arg, &type);
	return 0;
}

int azure_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
		struct drv_err *err)
{
	struct types t = { .d = d, .each = each, .arg = arg };

	return each_size(d, deadline, give, &t, err);
}

/* ---------------------------------------------------------------- the pool's */

static int find(void *arg, const json_t *sku, struct drv_err *err)
{
	struct drv *d = arg;
	struct azure_size *s = &d->size;

	if (!is_size(sku) || strcasecmp(rest_text(sku, "name"), d->opt.type) != 0)
		return 0;
	if (is_withheld(d, sku))
		return drv_fail(err, DRV_CAPACITY,
				"%s does not offer size %s to this subscription%s",
				d->opt.location, d->opt.type,
				d->opt.zone ? " in the zone" : "");
	rest_copy(s->name, sizeof(s->name), sku, "name");
	rest_copy(s->family, sizeof(s->family), sku, "family");
	s->cpus = (int64_t)capability(sku, "vCPUs");
	return 0;
}

int azure_size_of(struct drv *d, int64_t deadline, const struct azure_size **ret,
		  struct drv_err *err)
{
	int rc = *d->size.name ? 0 : each_size(d, deadline, find, d, err);

	if (rc == 0 && !*d->size.name)
		rc = drv_fail(err, DRV_BADREQ, "%s has no size %s", d->opt.location,
			      d->opt.type);
	*ret = &d->size;
	return rc;
}
