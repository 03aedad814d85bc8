/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * digitalocean/driver.c - droplets, in the account or team that a token is for.
 */
#include "driver.h"
#include "driver_util.h"

#include "check.h"
#include "cloud.h"
#include "operations.h"

/* A launch whose answer was lost may still be on its way through proxies. */
#define VISIBLE_MS 60000
/* Since 2026; or $0.01, if that is more. */
#define BILLING_MS 1000
#define BILLING_MIN_MS 60000

static const struct drv_caps caps = {
	.flags = DRV_CAP_LIST_BY_OWNER | DRV_CAP_PRICES | DRV_CAP_CHECKS_OWNER,
	.user_data_max_bytes = USER_DATA_MAX,
	.labels_max = LABELS_MAX,
	.label_max_bytes = 60,
	.visible_ms = VISIBLE_MS,
	.in_flight = 4,
	.calls_per_s = 5000.0 / 3600,
	.billing_ms = BILLING_MS,
	.billing_min_ms = BILLING_MIN_MS,
};

static void do_close(struct drv *d)
{
	if (!d)
		return;
	rest_done(&d->rest);
	rest_bearer_done(&d->bearer);
	do_options_done(&d->opt);
	free(d);
}

static int do_open(const struct drv_host *host, const char *config_json, struct drv **ret,
		   struct drv_err *err)
{
	struct drv *d = xcalloc(1, sizeof(*d));
	int rc = do_options_read(config_json, &d->opt, &d->bearer, err);

	if (rc < 0) {
		free(d);
		return rc;
	}
	d->rest = (struct rest){
		.host = host,
		.ca_file = d->opt.ca,
		.token_header = "Authorization: Bearer ",
		.request_id_header = "x-request-id",
		.secrets = d->bearer.secrets,
		.explain = do_explain,
	};
	rest_token_set(&d->rest.token, d->bearer.token, 0, 0);
	*ret = d;
	return 0;
}

static const struct drv_caps *do_caps(struct drv *d)
{
	(void)d;
	return &caps;
}

static const char *const pool_options[] = { "type", "image", "region",     "ssh_keys",
					    "vpc",  "ipv6",  "monitoring", NULL };

DRV_EXPORT(.name = "digitalocean", .open = do_open, .close = do_close, .caps = do_caps,
	   .validate = do_validate, .types = do_types, .launch = do_launch,
	   .list = do_list, .terminate = do_terminate, .quota = do_quota,
	   .pool_options = pool_options, .zone_option = "region");
