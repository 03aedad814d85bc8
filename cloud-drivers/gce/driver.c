/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gce/driver.c - VMs of Google Compute Engine, in one project.
 */
#include "driver.h"
#include "driver_util.h"

#include "check.h"
#include "cloud.h"
#include "jwt.h"
#include "operations.h"

/* A launch whose answer was lost may be on its way for so long. */
#define VISIBLE_MS 60000
#define NOTICE_MS 30000
#define BILLING_MS 1000
#define BILLING_MIN_MS 60000
/* 1500 a minute and region may write, of each project. */
#define CALLS_PER_S 20

static const struct drv_caps caps = {
	.flags = DRV_CAP_IDEMPOTENT_KEY | DRV_CAP_UNIQUE_NAME | DRV_CAP_LIST_BY_OWNER |
		 DRV_CAP_SPOT | DRV_CAP_CONSOLE | DRV_CAP_SELF_EXPIRE |
		 DRV_CAP_CHECKS_OWNER,
	.user_data_max_bytes = USER_DATA_MAX,
	.labels_max = LABELS_MAX,
	.label_max_bytes = 60,
	.visible_ms = VISIBLE_MS,
	.in_flight = 8,
	.notice_ms = NOTICE_MS,
	.calls_per_s = CALLS_PER_S,
	.billing_ms = BILLING_MS,
	.billing_min_ms = BILLING_MIN_MS,
};

static void gce_close(struct drv *d)
{
	if (!d)
		return;
	rest_done(&d->rest);
	gce_options_done(&d->opt, &d->cred);
	free(d);
}

static int check_key(struct drv *d, struct drv_err *err)
{
	struct err e;
	int rc = jwt_check_key(d->cred.key, &e);

	return rc < 0 ? drv_fail(err, DRV_BADREQ, "credentials: %s", e.msg) : 0;
}

static int gce_open(const struct drv_host *host, const char *config_json,
		    struct drv **ret, struct drv_err *err)
{
	struct drv *d = xcalloc(1, sizeof(*d));
	int rc = gce_options_read(config_json, &d->opt, &d->cred, err);

	d->rest = (struct rest){
		.host = host,
		.ca_file = d->opt.ca,
		.token_header = "Authorization: Bearer ",
		.secrets = d->secrets,
		.login = gce_log_in,
		.explain = gce_explain,
		.arg = d,
	};
	d->secrets[0] = d->cred.key;
	if (rc == 0)
		rc = check_key(d, err);
	if (rc < 0) {
		gce_close(d);
		return rc;
	}
	*ret = d;
	return 0;
}

static const struct drv_caps *gce_caps(struct drv *d)
{
	(void)d;
	return &caps;
}

/* What is of the project; where the API is and who calls it is the configuration's alone,
 * and so is whose rights programs on the VM have. */
static const char *const pool_options[] = {
	"type",           "zone",       "image",
	"network",        "subnetwork", "network_tags",
	"metadata_key",   "disk_gb",    "disk_type",
	"public_address", NULL
};

DRV_EXPORT(.name = "gce", .open = gce_open, .close = gce_close, .caps = gce_caps,
	   .validate = gce_validate, .types = gce_types, .launch = gce_launch,
	   .list = gce_list, .terminate = gce_terminate, .console = gce_console,
	   .quota = gce_quota, .pool_options = pool_options, .zone_option = "zone",
	   .interruption = "gce");
