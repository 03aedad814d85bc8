/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * types.c - server types and their prices: net, by the hour, where the pool is.
 *
 * An hour that was begun is paid; a month has a highest price, which is not seen here.
 */
#include "operations.h"

#include "check.h"
#include "cloud.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct types {
	const struct drv *d;
	int64_t now_ms;
	char currency[8];
	drv_type_fn *each;
	void *arg;
};

/*
 * At the pool's location, or the highest where it may be anywhere; NAN when the type is
 * not offered there.
 */
static double price_of(const json_t *type, const char *location)
{
	double highest = NAN;
	const json_t *price;
	size_t i;

	json_array_foreach(rest_at(type, "prices"), i,
			   price) if (!location ||
				      strcmp(rest_text(price, "location"), location) == 0)
		highest = fmax(highest, rest_num(price, "price_hourly.net", NAN));
	return highest;
}

static void give(void *arg, const json_t *type)
{
	const struct types *t = arg;
	const int64_t until_ms = rest_time_ms(type, "deprecation.unavailable_after");
	const struct drv_type ret = {
		.name = rest_text(type, "name"),
		.cpu = rest_num(type, "cores", 0),
		.memory_bytes = (int64_t)(rest_num(type, "memory", 0) * (1 << 30)),
		.price_hour = price_of(type, t->d->opt.location),
		.spot_price_hour = NAN,
		.currency = t->currency,
	};

	if (!isnan(ret.price_hour) && (until_ms == 0 || until_ms > t->now_ms))
		t->each(t->arg, &ret);
}

int hz_types(struct drv *d, int64_t deadline, drv_type_fn *each, void *arg,
	     struct drv_err *err)
{
	CLEANUP(rest_answer_done) struct rest_answer a = { .status = 0 };
	const struct drv_host *h = d->rest.host;
	struct types t = {
		.d = d, .now_ms = h->wall_ms(h->ctx), .each = each, .arg = arg
	};
	int rc = hz_call(d, "GET", "/pricing", NULL, deadline, &a, err);

	if (rc < 0)
		return rc;
	rest_copy(t.currency, sizeof(t.currency), a.doc, "pricing.currency");
	return hz_each(d, "/server_types?sort=id%3Aasc", "server_types", deadline, give,
		       &t, err);
}
