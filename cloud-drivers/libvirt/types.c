/* SPDX-License-Identifier: GPL-3.0-or-later */
/* types.c - types of hosts, as the option has them, and for how many there is room. */
#include "operations.h"

#include "check.h"
#include "cloud.h"

#include <math.h>

int lv_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
	     struct drv_err *err)
{
	(void)deadline;
	(void)err;
	for (size_t i = 0; i < d->opt.n_types; i++) {
		const struct lv_type *t = &d->opt.types[i];
		const struct drv_type type = {
			.name = t->name,
			.cpu = t->cpus,
			.memory_bytes = t->memory_bytes,
			.price_hour = NAN,
			.spot_price_hour = NAN,
			.currency = "",
		};

		each(arg, &type);
	}
	return 0;
}

int lv_quota(struct drv *d, int64_t deadline, struct drv_quota *ret, struct drv_err *err)
{
	CLEANUP(lv_cloud_done) struct lv_cloud c = { .n = 0 };
	struct drv_quota q = { .used = 0 };
	int rc = lv_connect(d, NULL, &c, err);

	(void)deadline;
	for (size_t i = 0; rc == 0 && i < c.n; i++) {
		struct lv_room r;

		rc = lv_room(d, &c.v[i], &r, err);
		if (rc == 0) {
			q.used += r.n_marked;
			q.limit += lv_room_for(&r, lv_type(&d->opt, NULL));
		}
	}
	if (rc < 0)
		return rc;
	q.limit += q.used;
	*ret = q;
	return 0;
}
