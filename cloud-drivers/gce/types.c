/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine types of the zone. What they cost the API does not say. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

#include <math.h>

struct types {
	drv_type_fn *each;
	void *arg;
};

static int on_page(void *arg, const json_t *doc, struct drv_err *err)
{
	const struct types *t = arg;
	const json_t *machine;
	size_t i;

	(void)err;
	json_array_foreach(json_object_get(doc, "items"), i, machine)
	{
		const struct drv_type type = {
			.name = rest_text(machine, "name"),
			.cpu = (double)rest_int(machine, "guestCpus", 0),
			.memory_bytes = rest_int(machine, "memoryMb", 0) << 20,
			.price_hour = NAN,
			.spot_price_hour = NAN,
			.currency = "",
		};

		t->each(t->arg, &type);
	}
	return 0;
}

int gce_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
	      struct drv_err *err)
{
	struct types t = { .each = each, .arg = arg };
	CLEANUP(free) char *path = NULL;

	if (!d->opt.zone)
		return drv_fail(err, DRV_BADREQ,
				"no zone is named: give the option 'zone'");
	path = xasprintf("/zones/%s/machineTypes?maxResults=500", d->opt.zone);
	return gce_each_page(d, path, deadline, on_page, &t, err);
}
