/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the account may have, and what it may have it of: sizes with their prices. */
#include "operations.h"

#include "check.h"
#include "cloud.h"

#include <math.h>
#include <string.h>

int do_quota(struct drv *d, int64_t deadline, struct drv_quota *ret, struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer account = { .status = 0 };
	CLEANUP(rest_answer_done) struct rest_answer droplets = { .status = 0 };
	int rc = do_call(d, "GET", "/v2/account", NULL, deadline, &account, err);

	if (rc == 0)
		rc = do_call(d, "GET", "/v2/droplets?per_page=1", NULL, deadline,
			     &droplets, err);
	if (rc < 0)
		return rc;
	ret->used = rest_int(droplets.doc, "meta.total", 0);
	ret->limit = rest_int(account.doc, "account.droplet_limit", -1);
	return 0;
}

struct sizes {
	const char *region;
	drv_type_fn *each;
	void *arg;
};

static bool is_in(const json_t *size, const char *region)
{
	const json_t *each;
	size_t i;

	json_array_foreach(rest_at(size, "regions"), i,
			   each) if (!region || strcmp(rest_text(each, ""), region) ==
							0) return true;
	return false;
}

static void give(void *arg, const json_t *size)
{
	const struct sizes *s = arg;
	const struct drv_type type = {
		.name = rest_text(size, "slug"),
		.cpu = (double)rest_int(size, "vcpus", 0),
		.memory_bytes = rest_int(size, "memory", 0) << 20,
		.price_hour = rest_num(size, "price_hourly", NAN),
		.spot_price_hour = NAN,
		.currency = "USD",
	};

	if (json_is_true(rest_at(size, "available")) && is_in(size, s->region))
		s->each(s->arg, &type);
}

int do_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
	     struct drv_err *err)
{
	struct sizes s = { .region = d->opt.region, .each = each, .arg = arg };

	return do_each(d, "/v2/sizes?", "sizes", "slug", deadline, give, &s, err);
}
