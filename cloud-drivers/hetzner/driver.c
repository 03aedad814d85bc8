/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hetzner/driver.c - servers of Hetzner Cloud, in the one project that a token is for.
 */
#include "driver.h"
#include "driver_util.h"

#include "check.h"
#include "cloud.h"
#include "operations.h"

/* A launch whose answer was lost may still be on its way through proxies. */
#define VISIBLE_MS 60000

static const struct drv_caps caps = {
	.flags = DRV_CAP_UNIQUE_NAME | DRV_CAP_LIST_BY_OWNER | DRV_CAP_PRICES |
		 DRV_CAP_CHECKS_OWNER,
	.user_data_max_bytes = USER_DATA_MAX,
	.labels_max = LABELS_MAX,
	.label_max_bytes = 60,
	.visible_ms = VISIBLE_MS,
	.in_flight = 4,
	.billing_ms = 3600000,
	.calls_per_s = 1, /* 3600 an hour in a project, which refill steadily */
};

static void hz_close(struct drv *d)
{
	if (!d)
		return;
	rest_done(&d->rest);
	rest_bearer_done(&d->bearer);
	hz_options_done(&d->opt);
	json_decref(d->ids);
	free(d);
}

static int hz_open(const struct drv_host *host, const char *config_json, struct drv **ret,
		   struct drv_err *err)
{
	struct drv *d = xcalloc(1, sizeof(*d));
	int rc = hz_options_read(config_json, &d->opt, &d->bearer, err);

	if (rc < 0) {
		free(d);
		return rc;
	}
	d->rest = (struct rest){
		.host = host,
		.ca_file = d->opt.ca,
		.token_header = "Authorization: Bearer ",
		.request_id_header = "X-Correlation-Id",
		.secrets = d->bearer.secrets,
		.explain = hz_explain,
	};
	rest_token_set(&d->rest.token, d->bearer.token, 0, 0);
	*ret = d;
	return 0;
}

static const struct drv_caps *hz_caps(struct drv *d)
{
	(void)d;
	return &caps;
}

static const char *const pool_options[] = { "type",     "image",    "location",
					    "ssh_keys", "networks", "firewalls",
					    "ipv4",     "ipv6",     "placement_group",
					    NULL };

DRV_EXPORT(.name = "hetzner", .open = hz_open, .close = hz_close, .caps = hz_caps,
	   .validate = hz_validate, .types = hz_types, .launch = hz_launch,
	   .list = hz_list, .terminate = hz_terminate, .pool_options = pool_options,
	   .zone_option = "location");
