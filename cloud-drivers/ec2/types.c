/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The instance types that the region has, some nine hundred, a hundred a page. */
#include "operations.h"

#include "check.h"
#include "cloud.h"
#include "driver_util.h"

#include <math.h>

struct listing {
	drv_type_fn *each;
	void *arg;
};

static int read_page(void *arg, const json_t *doc, struct drv_err *err)
{
	const json_t *types = rest_at(doc, "instanceTypeSet"), *type;
	const struct listing *l = arg;
	size_t i;

	if (!types)
		return drv_fail(err, DRV_TRANSIENT,
				"DescribeInstanceTypes: the answer has no types");
	json_array_foreach(types, i, type)
	{
		const struct drv_type t = {
			.name = rest_text(type, "instanceType"),
			.cpu = rest_num(type, "vCpuInfo.defaultVCpus", 0),
			.memory_bytes = rest_int(type, "memoryInfo.sizeInMiB", 0) << 20,
			.price_hour = NAN,
			.spot_price_hour = NAN,
			.currency = "",
		};

		if (*t.name)
			l->each(l->arg, &t);
	}
	return 0;
}

int ec2_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
	      struct drv_err *err)
{
	struct listing l = { .each = each, .arg = arg };
	CLEANUP(buf_done) struct buf form;

	ec2_form(&form, "DescribeInstanceTypes");
	ec2_add_int(&form, 100, "MaxResults");
	return ec2_each_page(d, "DescribeInstanceTypes", buf_str(&form), deadline,
			     read_page, &l, err);
}
